"""Another time for the same booking."""

from datetime import datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from db.engine.session import UnitOfWork
from domain.booking_status import BookingStatus
from domain.errors import Gone, InvalidInput, NotFound, RuleBroken, WrongState
from domain.platform.actor import ActorKind
from domain.scheduling.errors import OutsideBookingWindow, OutsideOpeningHours, SlotTaken
from tests.support.data import HOUR, NOW, add_booking, add_payment, add_salon, rows
from tests.support.desk import Desk, minutes

TOKYO = ZoneInfo("Asia/Tokyo")
CUSTOMER = ActorKind.CUSTOMER
OLD, NEW = NOW + 72 * HOUR, NOW + 96 * HOUR


async def test_moving_takes_the_new_time_and_gives_up_the_old(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, OLD)
    command = desk.command(booking_id, CUSTOMER, start_at=NEW)

    outcome = await desk.execute_command("reschedule", command)

    assert (outcome.start_at, outcome.end_at, outcome.version) == (NEW, NEW + HOUR, 1)
    assert [(claim["starts_at"], claim["holds_until"]) for claim in await desk.claims(booking_id)] == [(NEW, None)]
    items = await rows(
        desk.database, "SELECT start_at, end_at FROM booking_items WHERE booking_id = :id", id=booking_id
    )
    assert items == [{"start_at": NEW, "end_at": NEW + HOUR}]
    assert await desk.history(booking_id) == [("rescheduled", "confirmed", "confirmed")]
    assert await desk.notices(booking_id) == [("booking_changed", "business"), ("booking_changed", "customer")]
    assert await desk.execute_command("reschedule", command) == outcome
    assert (await desk.booking(booking_id))["version"] == 1


async def test_moved_booking_takes_no_other_tenant_s_resource(desk: Desk) -> None:
    """And hears nothing else of it than of one that does not exist."""
    booking_id = await add_booking(desk.database, desk.salon, OLD)
    other = await add_salon(desk.database)
    for resource_id in (other.resources[0], uuid4()):
        with pytest.raises(NotFound) as refused:
            await desk.do("reschedule", booking_id, CUSTOMER, start_at=NEW, resource_ids=(resource_id,))
        assert str(refused.value.details).replace(str(resource_id), "") == "{'resource_ids': ['']}"
    assert [claim["starts_at"] for claim in await desk.claims(booking_id)] == [OLD]


async def test_reschedule_queues_one_notice_per_move(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, OLD)
    for start_at in (NEW, OLD, NEW):
        await desk.do("reschedule", booking_id, ActorKind.STAFF, start_at=start_at)
    assert await desk.notices(booking_id) == [("booking_changed", "customer")] * 3
    assert (await desk.booking(booking_id))["version"] == 3


async def test_taken_time_leaves_everything_as_it_was(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, OLD)
    await add_booking(desk.database, desk.salon, NEW, resource=0)
    await add_booking(desk.database, desk.salon, NEW, resource=1)
    with pytest.raises(SlotTaken) as refusal:
        await desk.do("reschedule", booking_id, CUSTOMER, start_at=NEW)
    assert 0 < len(refusal.value.details["alternatives"]) <= 3
    assert [claim["starts_at"] for claim in await desk.claims(booking_id)] == [OLD]
    assert await desk.history(booking_id) == []


async def test_bookings_own_time_is_not_in_its_way(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, OLD)
    await add_booking(desk.database, desk.salon, OLD + minutes(30), resource=1)
    outcome = await desk.do("reschedule", booking_id, CUSTOMER, start_at=OLD + minutes(30))
    assert outcome.start_at == OLD + minutes(30)


async def test_hold_keeps_its_end_and_an_approval_is_due_by_the_start(desk: Desk) -> None:
    booking_id = await add_booking(
        desk.database,
        desk.salon,
        OLD,
        status="pending",
        needs_approval=True,
        hold_expires_at=OLD,
        approval_deadline=OLD,
    )
    sooner = NOW + 24 * HOUR
    outcome = await desk.do("reschedule", booking_id, CUSTOMER, start_at=sooner)
    assert outcome.hold_expires_at == sooner
    assert (await desk.booking(booking_id))["approval_deadline"] == sooner
    assert [claim["holds_until"] for claim in await desk.claims(booking_id)] == [sooner]

    unpaid = await add_booking(desk.database, desk.salon, OLD, status="pending", amount_due=6600, payment_mode="prepay")
    moved = await desk.do("reschedule", unpaid, CUSTOMER, start_at=NEW)
    assert moved.hold_expires_at == NOW + minutes(10)


async def test_reschedule_refuses_bookings_that_cannot_move(desk: Desk) -> None:
    over = await add_booking(desk.database, desk.salon, OLD, status="checked_in")
    with pytest.raises(WrongState):
        await desk.do("reschedule", over, ActorKind.STAFF, start_at=NEW)
    lapsed = await add_booking(desk.database, desk.salon, OLD + 2 * HOUR, status="pending")
    with pytest.raises(Gone):
        await desk.do("reschedule", lapsed, CUSTOMER, now=NOW + minutes(10), start_at=NEW)
    started = await add_booking(desk.database, desk.salon, NOW)
    with pytest.raises(RuleBroken):
        await desk.do("reschedule", started, CUSTOMER, start_at=NEW)
    with pytest.raises(InvalidInput):
        await desk.do("reschedule", started, ActorKind.STAFF)
    with pytest.raises(NotFound):
        await desk.do("reschedule", uuid4(), ActorKind.STAFF, start_at=NEW)


@pytest.mark.parametrize("start_at", [NOW - HOUR, NOW + 24 * 90 * HOUR])
async def test_reschedule_checks_lead_time_and_window(desk: Desk, start_at: object) -> None:
    booking_id = await add_booking(desk.database, desk.salon, OLD)
    with pytest.raises(OutsideBookingWindow):
        await desk.do("reschedule", booking_id, CUSTOMER, start_at=start_at)


async def test_moving_to_where_it_is_changes_nothing(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, OLD)
    assert (await desk.do("reschedule", booking_id, CUSTOMER, start_at=OLD)).version == 0
    assert await desk.history(booking_id) == []


async def test_move_keeps_the_length_that_was_agreed(desk: Desk) -> None:
    """The service takes two hours and a buffer now; this booking is still the hour that its customer agreed to."""
    booking_id = await add_booking(desk.database, desk.salon, OLD)
    await rows(
        desk.database,
        "UPDATE services SET duration_minutes = 120, buffer_after_minutes = 30 WHERE id = :id",
        id=desk.salon.service_id,
    )
    outcome = await desk.do("reschedule", booking_id, CUSTOMER, start_at=NEW)
    assert outcome.end_at == NEW + HOUR
    assert [claim["ends_at"] for claim in await desk.claims(booking_id)] == [NEW + HOUR]


async def test_customer_s_move_keeps_the_penalty_of_that_moment(desk: Desk) -> None:
    soon = NOW + 10 * HOUR
    booking_id = await add_booking(desk.database, desk.salon, soon, amount_due=6600, payment_mode="prepay")
    await add_payment(desk.database, desk.salon, booking_id, status="captured")
    await desk.do("reschedule", booking_id, CUSTOMER, start_at=NEW)
    booking = await desk.booking(booking_id)
    assert (booking["moves"], booking["kept_penalty_percent"], booking["kept_penalty_until"]) == (1, 100, None)
    outcome = await desk.do("cancel", booking_id, CUSTOMER)
    assert (outcome.penalty, outcome.refunding) == (6600, 0)


async def test_move_by_staff_counts_nowhere(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, NOW + 10 * HOUR)
    await desk.do("reschedule", booking_id, ActorKind.STAFF, start_at=NEW)
    booking = await desk.booking(booking_id)
    assert (booking["moves"], booking["kept_penalty_percent"]) == (0, 0)


async def test_approved_booking_that_its_customer_moves_is_decided_again(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, OLD, needs_approval=True)
    outcome = await desk.do("reschedule", booking_id, CUSTOMER, start_at=NEW)
    assert (outcome.status, outcome.hold_expires_at, outcome.approval_deadline) == (
        BookingStatus.PENDING,
        NOW + 24 * HOUR,
        NOW + 24 * HOUR,
    )
    assert [(claim["starts_at"], claim["holds_until"]) for claim in await desk.claims(booking_id)] == [
        (NEW, NOW + 24 * HOUR)
    ]
    assert await desk.history(booking_id) == [("rescheduled", "confirmed", "pending")]
    assert await desk.notices(booking_id) == [("booking_requested", "business"), ("booking_requested", "customer")]
    await desk.do("approve", booking_id, ActorKind.STAFF)
    assert [claim["holds_until"] for claim in await desk.claims(booking_id)] == [None]
    assert ("booking_confirmed", "customer") in await desk.notices(booking_id)


async def test_quote_of_a_move_says_what_the_move_will_keep(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, NOW + 30 * HOUR, amount_due=6600, payment_mode="prepay")
    await add_payment(desk.database, desk.salon, booking_id, status="captured")
    terms, kept, _ = await desk.within(lambda work: work.bookings.changes.quote_reschedule(booking_id, False, NOW))
    assert (terms.kept_penalty.percent, kept.amount, terms.moves_left) == (50, 3300, 2)
    await desk.do("reschedule", booking_id, CUSTOMER, start_at=NEW)
    assert (await desk.do("cancel", booking_id, CUSTOMER)).penalty == kept.amount


class _Undone(Exception):
    pass


async def test_reschedule_takes_exactly_the_listed_starts(desk: Desk) -> None:
    """The booking is as long as it was agreed, and its own time counts as free."""
    booking_id = await add_booking(desk.database, desk.salon, OLD)
    await add_booking(desk.database, desk.salon, OLD + 2 * HOUR)
    await add_booking(desk.database, desk.salon, OLD + minutes(90), resource=1)
    await rows(desk.database, "UPDATE services SET duration_minutes = 120 WHERE id = :id", id=desk.salon.service_id)
    day = OLD.astimezone(TOKYO).date()

    async def listed(work: UnitOfWork) -> set[datetime]:
        catalogue, starts, _ = await work.bookings.changes.starts_for_reschedule(booking_id, False, day, day, (), NOW)
        assert catalogue.items[0].duration == 60
        return {starts.zero + minutes(at) for at, _ in starts.pairs()}

    async def can_move(start_at: datetime) -> bool:
        command = desk.command(booking_id, CUSTOMER, start_at=start_at, resource_ids=desk.salon.resources)
        try:
            async with desk.database.unit_of_work(desk.salon.scope) as work:
                await work.bookings.changes.reschedule(command, NOW)
                raise _Undone
        except _Undone:
            return True
        except (SlotTaken, OutsideOpeningHours):
            return False

    offered = await desk.within(listed)
    assert OLD + minutes(15) in offered
    asked = [OLD + minutes(15 * step) for step in range(-8, 16)]
    assert [await can_move(start_at) for start_at in asked] == [start_at in offered for start_at in asked]
    assert len({start_at in offered for start_at in asked}) == 2


@pytest.mark.parametrize("by", [ActorKind.STAFF, ActorKind.SYSTEM])
@pytest.mark.parametrize("undo_minutes", [0, 10])
async def test_declined_move_says_which_time_was_given_up(desk: Desk, by: ActorKind, undo_minutes: int) -> None:
    await rows(
        desk.database,
        "UPDATE business_settings SET undo_within = make_interval(mins => :minutes) WHERE business_id = :id",
        minutes=undo_minutes,
        id=desk.salon.business_id,
    )
    booking_id = await add_booking(desk.database, desk.salon, OLD, needs_approval=True)
    await desk.do("reschedule", booking_id, CUSTOMER, start_at=NEW)
    await desk.do("reschedule", booking_id, CUSTOMER, start_at=NEW + HOUR)
    await desk.do("decline", booking_id, by)
    await desk.do("settle_ending", booking_id, now=NOW + HOUR)
    assert await declined_facts(desk, booking_id) == {OLD.isoformat()}


async def test_declined_request_names_no_time_given_up(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, OLD, status="pending", needs_approval=True)
    await desk.do("reschedule", booking_id, CUSTOMER, start_at=NEW)
    await desk.do("decline", booking_id)
    assert await declined_facts(desk, booking_id) == {None}


async def declined_facts(desk: Desk, booking_id: UUID) -> set[str | None]:
    """The former start in the messages about the decline."""
    query = "SELECT facts FROM notification_outbox WHERE booking_id = :id AND kind = 'booking_declined'"
    return {row["facts"].get("old_start") for row in await rows(desk.database, query, id=booking_id)}
