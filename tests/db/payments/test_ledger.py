"""The database refuses a transaction after which a payment and its ledger differ, and changes of the ledger: each
violation is tried with plain SQL, as the application's role and as the owner of the tables."""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import text

from db.engine.session import UnitOfWork
from domain.errors import Conflict
from tests.support import servers
from tests.support.data import add_booking, add_payment, one_transaction, rows
from tests.support.desk import Desk

_LEDGER = """
    INSERT INTO payment_transactions (business_id, payment_id, movement_id, movement, phase, amount, currency)
    SELECT business_id, id, {movement_id}, '{movement}', '{phase}', {amount}, '{currency}'
      FROM booking_payments WHERE id = :id
"""
_REFUND = """
    INSERT INTO refunds (id, business_id, payment_id, booking_id, status, amount, currency, reason, command_id)
    SELECT md5(id || 'r{number}')::uuid, business_id, id, booking_id, '{status}', {amount}, 'JPY',
           'provider', 'r{number}' FROM booking_payments WHERE id = :id
"""
_OF_REFUND = "id || ':refund:' || md5(id || 'r{number}')::uuid"


def ledger(
    movement: str, amount: int, movement_id: str = "'m'", phase: str = "succeeded", currency: str = "JPY"
) -> str:
    """A row of the ledger."""
    return _LEDGER.format(movement=movement, amount=amount, movement_id=movement_id, phase=phase, currency=currency)


def refund(amount: int, status: str = "succeeded", number: int = 1) -> str:
    """A row of ``refunds``."""
    return _REFUND.format(amount=amount, status=status, number=number)


def returned(amount: int, number: int = 1) -> str:
    """The ledger's row of that refund."""
    return ledger("refund", amount, _OF_REFUND.format(number=number))


def totals(change: str) -> str:
    """A change of the payment."""
    return f"UPDATE booking_payments SET {change} WHERE id = :id"


BY_PROVIDER = "id || ':{0}:to-{1}'"
#: Of a payment of 6600 yen: what is written, and the rule that refuses it.
VIOLATIONS: dict[str, tuple[str, str, list[str]]] = {
    "captured without a movement": ("requires_payment", "captured_differs", [totals("captured = 6600")]),
    "captured more than moved": (
        "requires_payment",
        "captured_differs",
        [ledger("capture", 6000, BY_PROVIDER.format("capture", 6000)), totals("captured = 6600")],
    ),
    "moved without the total": (
        "requires_payment",
        "captured_differs",
        [ledger("capture", 6600, BY_PROVIDER.format("capture", 6600))],
    ),
    "captured twice": (
        "captured",
        "captured_differs",
        [ledger("capture", 6600, BY_PROVIDER.format("capture", 13200))],
    ),
    "capture reverted": ("captured", "captured_differs", [totals("captured = 0")]),
    "authorized without a movement": ("requires_payment", "authorized_differs", [totals("authorized = 6600")]),
    "voided without a movement": ("requires_payment", "void_differs", [totals("status = 'voided'")]),
    "voided by the void of a replaced intent": (
        "authorized",
        "void_differs",
        [
            ledger("void", 6600, "'x:surplus'", phase="intended"),
            ledger("void", 6600, "'x:surplus'"),
            totals("status = 'voided'"),
        ],
    ),
    "refunded without a movement": ("captured", "refunded_differs", [totals("refunded = 100")]),
    "refunded in the ledger alone": ("captured", "refunded_differs", [refund(100), returned(100)]),
    "refund that succeeded without a movement": ("captured", "refunds_differ", [refund(100)]),
    "refund in the ledger that has not succeeded": (
        "captured",
        "refunds_differ",
        [refund(100, "processing"), returned(100), totals("refunded = 100")],
    ),
    "refunds above the paid money": (
        "captured",
        "refunded_above_paid",
        [refund(6600), returned(6600), refund(1, number=2), returned(1, 2), totals("refunded = 6600")],
    ),
    "refund of money that was never taken": ("requires_payment", "refunded_above_paid", [refund(1), returned(1)]),
    "refund over another amount than its row": (
        "captured",
        "movement_without_cause",
        [refund(100), returned(200), totals("refunded = 200")],
    ),
    "refund without its row": (
        "captured",
        "movement_without_cause",
        [ledger("refund", 100), totals("refunded = 100")],
    ),
    "capture without a cause": (
        "requires_payment",
        "movement_without_cause",
        [ledger("capture", 6600), totals("captured = 6600")],
    ),
    "capture with the cause of a void": (
        "requires_payment",
        "movement_without_cause",
        [ledger("void", 6600, phase="intended"), ledger("capture", 6600), totals("captured = 6600")],
    ),
    "failure without a cause": ("captured", "movement_without_cause", [ledger("capture", 0, phase="failed")]),
    "another currency": (
        "requires_payment",
        "ledger_of_another_payment",
        [ledger("capture", 6600, BY_PROVIDER.format("capture", 6600), currency="USD"), totals("captured = 6600")],
    ),
    "refund that succeeded deleted": (
        "refunded",
        "movement_without_cause",
        ["DELETE FROM refunds WHERE payment_id = :id"],
    ),
    "refund that succeeded changed": (
        "refunded",
        "movement_without_cause",
        ["UPDATE refunds SET amount = amount - 1 WHERE payment_id = :id"],
    ),
    "refund that succeeded reverted": (
        "refunded",
        "refunds_differ",
        ["UPDATE refunds SET status = 'failed' WHERE payment_id = :id"],
    ),
}


async def a_payment(desk: Desk, status: str) -> UUID:
    booking_id = await add_booking(desk.database, desk.salon, status="cancelled", amount_due=6600)
    values: dict[str, Any] = {"refunded": 6600} if status == "refunded" else {}
    if status == "authorized":
        values["capture_method"] = "manual"
    return await add_payment(desk.database, desk.salon, booking_id, status=status, **values)


async def written(desk: Desk, payment_id: UUID, statements: list[str]) -> None:
    async with one_transaction(desk.database):
        for statement in statements:
            await rows(desk.database, statement, id=payment_id)


@pytest.mark.parametrize("case", VIOLATIONS)
async def test_check_ledger_refuses(desk: Desk, case: str) -> None:
    status, rule, statements = VIOLATIONS[case]
    payment_id = await a_payment(desk, status)
    before = await desk.payment(payment_id)
    with pytest.raises(Conflict) as refused:
        await written(desk, payment_id, statements)
    assert refused.value.details == {"rule": rule}
    assert await desk.payment(payment_id) == before
    assert await desk.ledger(payment_id) == []


@pytest.mark.parametrize("number", range(3))
async def test_check_ledger_takes_the_rows_in_any_order(desk: Desk, number: int) -> None:
    """It looks at the commit: what comes first within the transaction does not count."""
    payment_id = await a_payment(desk, "captured")
    steps = [refund(100), returned(100), totals("refunded = 100")]
    if number == 1:
        steps = [steps[0], steps[2], steps[1]]
    if number == 2:
        steps = [steps[2], steps[1], steps[0]]
    await written(desk, payment_id, steps)
    assert (await desk.payment(payment_id))["refunded"] == 100


async def test_check_ledger_looks_at_a_movement_under_another_payment(desk: Desk) -> None:
    """The order for the capture of one payment is no cause for the capture of another one."""
    first, second = await a_payment(desk, "voided"), await a_payment(desk, "requires_payment")
    await written(desk, first, [ledger("capture", 6600, "'shared'", phase="intended")])
    with pytest.raises(Conflict) as refused:
        await written(desk, second, [ledger("capture", 6600, "'shared'"), totals("captured = 6600")])
    assert refused.value.details == {"rule": "movement_without_cause"}


async def test_check_ledger_holds_in_the_scope_of_a_business(desk: Desk) -> None:
    payment_id = await a_payment(desk, "captured")

    async def write(work: UnitOfWork) -> None:
        payment, status = await work.payments.lock(payment_id)
        await work.payments.apply_totals(payment, replace(payment.totals, refunded=600), status)

    with pytest.raises(Conflict) as refused:
        await desk.within(write)
    assert refused.value.details == {"rule": "refunded_differs"}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE payment_transactions SET amount = 0",
        "DELETE FROM payment_transactions WHERE false",
        "TRUNCATE payment_transactions",
    ],
)
async def test_ledger_is_never_changed_by_the_owner_of_the_tables(
    shared_database: servers.Database, change: str
) -> None:
    connection = await asyncpg.connect(shared_database.superuser_url, ssl=False)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="payment_transactions is append-only"):
            await connection.execute(change)
    finally:
        await connection.close()


async def test_check_ledger_reads_no_payment_that_is_gone(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, status="cancelled")
    payment_id = await add_payment(desk.database, desk.salon, booking_id, provider_intent_id=f"pi_{uuid4().hex}")
    await written(desk, payment_id, [totals("status = 'failed'"), "DELETE FROM booking_payments WHERE id = :id"])


async def test_check_ledger_leaves_the_scope_as_it_was(desk: Desk) -> None:
    payment_id = await a_payment(desk, "captured")
    async with desk.database.unit_of_work(desk.salon.scope) as work:
        for statement in (refund(100), returned(100), totals("refunded = 100")):
            await work.session.execute(text(statement), {"id": payment_id})
        await work.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        assert await work.session.scalar(text("SELECT current_setting('app.scope')")) == "tenant"
