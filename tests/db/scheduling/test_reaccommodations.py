"""From a change of hours to the end of an offer, in Postgres."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from activities.scheduling.reaccommodations import ReaccommodationActivities, ReaccommodationStep
from db.engine.session import UnitOfWork
from db.scheduling.business_hours import OneOffDay
from domain.booking_status import BookingStatus
from domain.errors import WrongState
from domain.platform.actor import ActorKind
from domain.scheduling.hours import WeeklyHours
from domain.scheduling.reaccommodation import ReaccommodationStatus
from tests.support.data import HOUR, NOW, add_booking, add_payment, rows
from tests.support.desk import Desk

TOKYO = ZoneInfo("Asia/Tokyo")
CLOSED = WeeklyHours(((),) * 7)
#: 15:00 in Tokyo, tomorrow: inside the tier that costs all of it.
LOST = NOW + 27 * HOUR


async def set_week(desk: Desk, week: WeeklyHours, confirm: bool = True) -> None:
    await desk.within(lambda work: work.scheduling.hours.set_week(desk.salon.business_id, week, NOW, confirm))


async def offers(desk: Desk) -> list[dict[str, Any]]:
    return await rows(
        desk.database, "SELECT * FROM reaccommodations WHERE business_id = :id ORDER BY id", id=desk.salon.business_id
    )


async def close_the_day(desk: Desk) -> None:
    """Only the lost day: the others stay open."""
    day = OneOffDay(LOST.date(), (), None)
    await desk.within(lambda work: work.scheduling.hours.set_days(desk.salon.business_id, [day], NOW, confirm=True))


async def stranded_booking(desk: Desk, **values: Any) -> tuple[UUID, dict[str, Any]]:
    booking_id = await add_booking(desk.database, desk.salon, LOST, **values)
    await close_the_day(desk)
    [offer] = await offers(desk)
    assert (offer["status"], offer["booking_id"], offer["reason"]) == ("open", booking_id, "holidays")
    return booking_id, offer


async def test_confirmed_change_opens_an_offer_for_each_and_starts_its_run(desk: Desk) -> None:
    booking_id, offer = await stranded_booking(desk)
    assert offer["decide_by"] == LOST - 6 * HOUR
    [start] = await desk.outbox_commands("reaccommodation.start")
    assert start["aggregate"] == f"reaccommodation/{offer['id']}"
    assert (start["payload"]["booking_id"], start["payload"]["number"]) == (str(booking_id), 1)
    await set_week(desk, CLOSED)  # stranded with open eyes: not a second time
    assert len(await offers(desk)) == 1
    assert await desk.attention() == []


async def test_steps_of_the_run_count_once(desk: Desk) -> None:
    booking_id, offer = await stranded_booking(desk)
    steps = ReaccommodationActivities(desk.database, lambda: NOW)
    about = ReaccommodationStep(offer["id"], desk.salon.business_id, booking_id)
    for step in (steps.offer, steps.remind, steps.give_up, steps.notify_decision):
        for _ in range(2):
            assert await step(about) is ReaccommodationStatus.OPEN
    notices = [("reaccommodation_offered", "customer"), ("reaccommodation_reminder", "customer")]
    assert await desk.notices(booking_id) == notices
    [facts] = await rows(
        desk.database,
        "SELECT facts FROM notification_outbox WHERE booking_id = :id AND kind = 'reaccommodation_offered'",
        id=booking_id,
    )
    times = [datetime.fromisoformat(time).astimezone(TOKYO) for time in facts["facts"]["alternatives"]]
    assert len(times) == 3
    assert LOST.astimezone(TOKYO).date() not in {time.date() for time in times}
    assert len(await desk.outbox_commands("booking.cancel_stranded")) == 2  # a command that is queued twice counts once


async def test_customer_whom_no_message_reaches_is_a_persons_task(desk: Desk) -> None:
    booking_id, offer = await stranded_booking(desk, user_id=None)
    await rows(desk.database, "UPDATE bookings SET email = NULL WHERE id = :id", id=booking_id)
    steps = ReaccommodationActivities(desk.database, lambda: NOW)
    await steps.offer(ReaccommodationStep(offer["id"], desk.salon.business_id, booking_id))
    assert await desk.attention() == ["rebook"]


async def test_accept_of_another_time_has_no_limits(desk: Desk) -> None:
    """Half an hour from now is inside the lead time."""
    booking_id, _ = await stranded_booking(desk)
    soon = NOW + HOUR / 2
    moved = await desk.do("reschedule", booking_id, ActorKind.CUSTOMER, start_at=soon, stranded=True)
    assert moved.start_at == soon
    [offer] = await offers(desk)
    assert (offer["status"], offer["decided_by"]) == ("moved", "customer")
    [decided] = await desk.outbox_commands("reaccommodation.decided")
    assert decided["payload"]["status"] == "moved"


@pytest.mark.parametrize("stranded", [True, False])
async def test_cancelling_instead_costs_nothing(desk: Desk, stranded: bool) -> None:
    """Whichever way the customer takes."""
    booking_id = await add_booking(desk.database, desk.salon, LOST, amount_due=6600, payment_mode="prepay")
    payment_id = await add_payment(desk.database, desk.salon, booking_id, status="captured")
    await close_the_day(desk)
    cancelled = await desk.do("cancel", booking_id, ActorKind.CUSTOMER, stranded=stranded)
    assert (cancelled.status, cancelled.penalty, cancelled.refunding) == (BookingStatus.CANCELLED, 0, 6600)
    assert await desk.refunds(payment_id) == [("requested", 6600, "cancelled")]
    assert [(one["status"], one["decided_by"]) for one in await offers(desk)] == [("cancelled", "customer")]


async def test_control_a_booking_that_can_be_kept_costs_its_policy(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, LOST, amount_due=6600, payment_mode="prepay")
    await add_payment(desk.database, desk.salon, booking_id, status="captured")
    assert (await desk.do("cancel", booking_id, ActorKind.CUSTOMER)).penalty > 0


async def test_accept_and_decline_need_an_offer(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, LOST)
    for verb, more in (("cancel", {}), ("reschedule", {"start_at": LOST + HOUR})):
        with pytest.raises(WrongState):
            await desk.do(verb, booking_id, ActorKind.CUSTOMER, stranded=True, **more)


async def test_deadline_cancels_what_is_still_stranded_and_nothing_else(desk: Desk) -> None:
    booking_id, _ = await stranded_booking(desk)
    ended = await desk.do("cancel", booking_id, stranded=True, waive_penalty=True)
    assert ended.status is BookingStatus.CANCELLED
    assert [(one["status"], one["decided_by"]) for one in await offers(desk)] == [("cancelled", "system")]


async def test_deadline_that_comes_after_the_answer_changes_nothing(desk: Desk) -> None:
    booking_id, _ = await stranded_booking(desk)
    await desk.do("reschedule", booking_id, ActorKind.CUSTOMER, start_at=LOST + 48 * HOUR, stranded=True)
    after = await desk.do("cancel", booking_id, stranded=True, waive_penalty=True)
    assert (after.status, after.start_at) == (BookingStatus.CONFIRMED, LOST + 48 * HOUR)


async def test_business_can_keep_it_after_all(desk: Desk) -> None:
    booking_id, offer = await stranded_booking(desk)
    await desk.within(lambda work: work.scheduling.hours.set_days(desk.salon.business_id, [], NOW, confirm=False))
    assert [one["status"] for one in await offers(desk)] == ["kept"]
    steps = ReaccommodationActivities(desk.database, lambda: NOW)
    about = ReaccommodationStep(offer["id"], desk.salon.business_id, booking_id)
    assert await steps.notify_decision(about) is ReaccommodationStatus.KEPT
    assert await desk.notices(booking_id) == [("reaccommodation_decided", "customer")]
    await close_the_day(desk)
    assert [(one["number"], one["status"]) for one in await offers(desk)] == [(1, "kept"), (2, "open")]


async def test_booking_is_kept_by_another_person_of_the_staff(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, LOST)
    first, second = desk.salon.resources

    async def send_home(work: UnitOfWork) -> None:
        await work.catalogue.change_resource(first, {"is_active": False}, None, NOW, confirm=True)

    await desk.within(send_home)
    assert [one["status"] for one in await offers(desk)] == ["open"]
    await desk.do("reassign", booking_id, ActorKind.STAFF, resource_ids=(second,))
    assert [one["status"] for one in await offers(desk)] == ["kept"]


async def test_hold_that_lapsed_is_over_at_the_deadline(desk: Desk) -> None:
    booking_id, offer = await stranded_booking(desk, status="pending")
    await rows(desk.database, "UPDATE bookings SET status = 'expired' WHERE id = :id", id=booking_id)
    steps = ReaccommodationActivities(desk.database, lambda: NOW)
    about = ReaccommodationStep(offer["id"], desk.salon.business_id, booking_id)
    assert await steps.give_up(about) is ReaccommodationStatus.ENDED
    assert await desk.outbox_commands("booking.cancel_stranded") == []
