"""Numbers of receipts: two at once get two, one that fails leaves no gap."""

import contextlib
from uuid import UUID

from sqlalchemy import text

from db.engine.session import UnitOfWork
from db.payments.receipts import Receipt
from tests.races.overlap import Step, overlap
from tests.support.data import HOUR, NOW, add_booking, add_payment, rows
from tests.support.desk import Desk


def issue(payment: UUID) -> Step:
    return lambda work: work.payments.receipts.issue(payment, NOW)


async def _two(desk: Desk) -> tuple[UUID, UUID]:
    found = []
    for hours in (1, 3):
        booking = await add_booking(desk.database, desk.salon, NOW + hours * HOUR)
        found.append(await add_payment(desk.database, desk.salon, booking, status="captured"))
    return found[0], found[1]


async def test_receipts_at_the_same_moment_get_numbers_without_a_gap(desk: Desk) -> None:
    one, two = await _two(desk)
    first, second = await overlap(desk.database, desk.salon.scope, issue(one), issue(two))
    assert isinstance(first, Receipt)
    assert isinstance(second, Receipt)
    assert [first.number[-6:], second.number[-6:]] == ["000001", "000002"]


async def test_receipt_of_one_payment_is_issued_once(desk: Desk) -> None:
    one, _ = await _two(desk)
    first, second = await overlap(desk.database, desk.salon.scope, issue(one), issue(one))
    assert first == second
    assert len(await rows(desk.database, "SELECT id FROM receipts WHERE payment_id = :id", id=one)) == 1


async def test_receipt_that_fails_leaves_no_gap(desk: Desk) -> None:
    one, two = await _two(desk)

    class Broken(Exception):
        pass

    async def fail(work: UnitOfWork) -> None:
        assert (await issue(one)(work)).number.endswith("000001")
        raise Broken

    with contextlib.suppress(Broken):
        await desk.within(fail)
    assert (await desk.within(issue(two))).number.endswith("000001")


async def test_numbers_without_the_lock_would_collide(desk: Desk) -> None:
    """The control: two transactions that read the largest number both get the same."""

    def largest() -> Step:
        return lambda work: work.session.scalar(text("SELECT coalesce(max(sequence), 0) + 1 FROM receipts"))

    assert await overlap(desk.database, desk.salon.scope, largest(), largest()) == (1, 1)
