"""An offer of the waitlist against its deadline, against a new customer, and against a second look."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from db.bookings.commands.hold_request import HoldRequest, ItemRequest
from db.bookings.waitlist import ending, offers
from db.engine.session import UnitOfWork
from domain.bookings.contact import Contact
from domain.bookings.view import BookingView
from domain.bookings.waitlist import WaitlistTurn
from domain.errors import Gone, WrongState
from domain.scheduling.errors import SlotTaken
from tests.db.bookings.waiting import FULL, OFFER, Waiting
from tests.races.overlap import Step, overlap
from tests.support.data import NOW, rows
from tests.support.desk import Desk

#: The last moment at which an offer can be accepted, and the first at which it is over.
IN_TIME, OVER = NOW + OFFER / 2, NOW + OFFER


def accept(entry: UUID, at: Any = IN_TIME) -> Step:
    return lambda work: work.bookings.waitlist.accept(entry, None, at)


def look(desk: Desk, at: Any = OVER) -> Step:
    return lambda work: work.bookings.waitlist.take_turn(desk.salon.business_id, at)


def book(desk: Desk, at: Any = NOW) -> Step:
    """Somebody who does not wait books the hour."""
    person = Contact("佐藤", "", "new@example.jp", None)
    request = HoldRequest((ItemRequest(desk.salon.service_id),), FULL, person=person, is_proven=True)
    return lambda work: work.bookings.holds.hold(request, at)


async def offered(desk: Desk) -> tuple[Waiting, UUID, UUID]:
    """The first of two who wait has an offer."""
    waiting = await Waiting.of(desk)
    first, second = await waiting.join(), await waiting.join(NOW + OFFER / 60)
    await waiting.free()
    assert await waiting.turns() == [first]
    return waiting, first, second


async def sold(desk: Desk) -> int:
    """Live bookings of the hour."""
    found = "SELECT id FROM bookings WHERE business_id = :id AND start_at = :at AND status IN ('pending', 'confirmed')"
    return len(await rows(desk.database, found, id=desk.salon.business_id, at=FULL))


@pytest.fixture
def left_to_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A change that frees time offers nothing: only the run of the waitlist does, after the commit."""
    monkeypatch.setattr(offers, "MOST_AT_ONCE", 0)


def free(desk: Desk, waiting: Waiting) -> Step:
    """One of the two bookings is cancelled."""
    command = desk.command(waiting.sold[0])
    return lambda work: work.bookings.changes.cancel(command, NOW)


@pytest.fixture
def without_entry_locks(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Call it to take the locks on entries off."""

    def take_off() -> None:
        for name in ("_LOCK", "_OVERDUE"):
            statement = getattr(ending, name).text
            unlocked = statement.replace("FOR NO KEY UPDATE OF w SKIP LOCKED", "").replace("FOR NO KEY UPDATE", "")
            assert unlocked != statement
            monkeypatch.setattr(ending, name, text(unlocked))

    return take_off


async def test_accept_wins_against_the_end_of_its_offer(desk: Desk) -> None:
    waiting, first, second = await offered(desk)
    booking, turn = await overlap(desk.database, desk.salon.scope, accept(first), look(desk))
    assert isinstance(booking, BookingView)
    assert isinstance(turn, WaitlistTurn)
    assert turn.entry_id is None
    assert (await waiting.entry(first))["booking_id"] == booking.id
    assert (await waiting.entry(second))["status"] == "waiting"
    assert (await sold(desk), await waiting.held()) == (2, 0)


async def test_accept_loses_against_the_end_of_its_offer(desk: Desk) -> None:
    waiting, first, second = await offered(desk)
    turn, refusal = await overlap(desk.database, desk.salon.scope, look(desk), accept(first))
    assert turn.entry_id == second
    assert isinstance(refusal, WrongState | Gone)
    assert (await sold(desk), await waiting.held()) == (1, 1)


async def test_accept_and_the_end_of_its_offer_both_go_on_without_the_locks(
    desk: Desk, without_entry_locks: Callable[[], None]
) -> None:
    """The control: only a check of the table stops an entry that became a booking from ending once more."""
    _, first, _ = await offered(desk)
    without_entry_locks()
    with pytest.raises(IntegrityError, match="accepted_has_a_booking"):
        await overlap(desk.database, desk.salon.scope, accept(first), look(desk))


async def test_new_customer_never_gets_a_time_that_is_being_accepted(desk: Desk) -> None:
    waiting, first, _ = await offered(desk)
    booking, refusal = await overlap(desk.database, desk.salon.scope, accept(first), book(desk))
    assert isinstance(booking, BookingView)
    assert isinstance(refusal, SlotTaken)
    assert (await sold(desk), await waiting.held()) == (2, 0)


async def test_new_customer_never_gets_a_time_that_is_being_freed_before_those_who_wait(desk: Desk) -> None:
    waiting = await Waiting.of(desk)
    entry = await waiting.join()
    _, refusal = await overlap(desk.database, desk.salon.scope, free(desk, waiting), book(desk))
    assert isinstance(refusal, SlotTaken)
    with pytest.raises(SlotTaken):
        await desk.within(book(desk))
    assert (await waiting.entry(entry))["status"] == "offered"
    assert await waiting.held() == 1


@pytest.mark.usefixtures("left_to_the_run")
async def test_new_customer_jumps_the_queue_without_the_offer_in_the_same_transaction(desk: Desk) -> None:
    """The control."""
    waiting = await Waiting.of(desk)
    entry = await waiting.join()
    await desk.within(free(desk, waiting))
    assert isinstance(await desk.within(book(desk)), BookingView)
    assert (await waiting.entry(entry))["status"] == "waiting"


async def test_next_in_line_gets_a_declined_time_before_a_new_customer(desk: Desk) -> None:
    waiting, first, second = await offered(desk)

    async def decline(work: UnitOfWork) -> None:
        await work.bookings.waitlist.decline(first, NOW)

    _, refusal = await overlap(desk.database, desk.salon.scope, decline, book(desk))
    assert isinstance(refusal, SlotTaken)
    assert (await waiting.entry(second))["status"] == "offered"


async def test_cancellation_does_not_wait_for_a_turn_that_waits_for_it(desk: Desk) -> None:
    """The turn claims the time that the cancellation frees, and the cancellation wants a turn of its own."""
    waiting = await Waiting.of(desk)
    entry = await waiting.join()
    command = desk.command(waiting.sold[0])

    async def cancel(work: UnitOfWork) -> None:
        await work.bookings.changes.cancel(command, NOW)

    async def turn_and_claim(work: UnitOfWork) -> None:
        await work.session.execute(offers._ONE_AT_A_TIME, {"business_id": desk.salon.business_id})
        claimed = "UPDATE resource_claims SET holds_until = holds_until WHERE booking_id = :id"
        await work.session.execute(text(claimed), {"id": waiting.sold[0]})

    await overlap(desk.database, desk.salon.scope, cancel, turn_and_claim)
    assert (await desk.booking(waiting.sold[0]))["status"] == "cancelled"
    assert await waiting.turns() == [entry]


@pytest.mark.usefixtures("left_to_the_run")
async def test_new_customer_and_offer_share_a_freed_time_once(desk: Desk) -> None:
    waiting = await Waiting.of(desk)
    entry = await waiting.join()
    await waiting.free()
    turn, refusal = await overlap(desk.database, desk.salon.scope, look(desk, NOW), book(desk))
    assert turn.entry_id == entry
    assert isinstance(refusal, SlotTaken)


@pytest.mark.usefixtures("left_to_the_run")
async def test_offer_gives_way_to_a_customer_who_was_faster(desk: Desk) -> None:
    waiting = await Waiting.of(desk)
    entry = await waiting.join()
    await waiting.free()
    booking, turn = await overlap(desk.database, desk.salon.scope, book(desk), look(desk, NOW))
    assert isinstance(booking, BookingView)
    assert turn.entry_id is None
    assert (await waiting.entry(entry))["status"] == "waiting"
    assert await waiting.held() == 0


@pytest.mark.usefixtures("left_to_the_run")
async def test_take_turn_twice_at_once_offers_a_time_once(desk: Desk) -> None:
    waiting = await Waiting.of(desk)
    entries = [await waiting.join(NOW + OFFER * n / 60) for n in range(2)]
    await waiting.free()
    first, second = await overlap(desk.database, desk.salon.scope, look(desk, NOW), look(desk, NOW))
    assert (first.entry_id, second.entry_id) == (entries[0], None)
    assert await waiting.held() == 1


async def test_decline_and_accept_at_once_are_one_answer(desk: Desk) -> None:
    waiting, first, second = await offered(desk)

    async def decline(work: UnitOfWork) -> None:
        await work.bookings.waitlist.decline(first, IN_TIME)

    _, refusal = await overlap(desk.database, desk.salon.scope, decline, accept(first))
    assert isinstance(refusal, WrongState)
    assert (await waiting.entry(second))["status"] == "offered"
    assert await waiting.held() == 1
