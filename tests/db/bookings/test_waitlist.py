"""Entries of the waitlist in Postgres: who may join, who is asked first, and what becomes of an offer."""

from datetime import timedelta

import pytest
import pytest_asyncio
from sqlalchemy import text

from db.bookings.waitlist.queries import QueuePlace
from db.catalogue.tables import ServiceResource
from db.engine.session import UnitOfWork
from db.scheduling.business_hours import OneOffDay
from domain.bookings.errors import TimeIsFree, WaitlistLimit
from domain.bookings.waitlist import MAX_OF_PERSON
from domain.errors import InvalidInput, NotFound, WrongState
from domain.scheduling.errors import NotBookable
from domain.scheduling.hours import MinuteRange
from tests.db.bookings.waiting import DAY, FULL, Waiting
from tests.support.data import HOUR, NOW, add, add_booking, add_resource, add_salon, add_user, rows
from tests.support.desk import Desk

MINUTE = timedelta(minutes=1)


@pytest_asyncio.fixture
async def waiting(desk: Desk) -> Waiting:
    return await Waiting.of(desk)


# -- joining ---------------------------------------------------------------------------------------------------------


async def test_join_is_refused_while_a_time_that_fits_is_free(waiting: Waiting) -> None:
    with pytest.raises(TimeIsFree) as refused:
        await waiting.join(times=(MinuteRange(15 * 60, 17 * 60),))
    assert refused.value.details["alternatives"][0] == "2026-11-25T16:00:00+09:00"
    await waiting.join()


async def test_join_refuses_days_that_are_over_or_not_bookable_yet(waiting: Waiting) -> None:
    for day, rule in ((DAY - timedelta(days=2), "already_over"), (DAY + timedelta(days=400), "within_booking_window")):
        with pytest.raises(InvalidInput) as refused:
            await waiting.join(first_day=day, last_day=day)
        assert refused.value.details["fields"] == [{"field": "last_day", "rule": rule}]


async def test_join_counts_the_entries_of_one_person(waiting: Waiting) -> None:
    user = await add_user(waiting.desk.database, email_verified_at=NOW)
    for _ in range(MAX_OF_PERSON):
        await waiting.join(user_id=user)
    with pytest.raises(WaitlistLimit):
        await waiting.join(user_id=user)
    await waiting.join()


async def test_prove_lets_a_guest_wait_from_then_on(waiting: Waiting) -> None:
    entry = await waiting.join_as_guest("ichiro@example.jp")
    later = await waiting.join()
    await waiting.free(0)
    assert await waiting.turn() == later
    assert await waiting.messages_to(entry) == ["waitlist_proof"]
    await waiting.free(1)
    await waiting.desk.within(lambda work: work.bookings.waitlist.prove(entry, NOW + MINUTE))
    await waiting.desk.within(lambda work: work.bookings.waitlist.prove(entry, NOW + 2 * MINUTE))
    found = await waiting.entry(entry)
    assert (found["status"], found["joined_at"]) == ("waiting", NOW + MINUTE)
    assert await waiting.turn(NOW + MINUTE) == entry


async def test_prove_is_too_late_after_half_an_hour(waiting: Waiting) -> None:
    entry = await waiting.join_as_guest("ichiro@example.jp")
    await waiting.turn(NOW + 31 * MINUTE)
    found = await waiting.entry(entry)
    assert (found["status"], found["end_reason"]) == ("ended", "unproven")
    assert await waiting.messages_to(entry) == ["waitlist_proof"]
    with pytest.raises(WrongState):
        await waiting.desk.within(lambda work: work.bookings.waitlist.prove(entry, NOW + 31 * MINUTE))


async def test_proven_entries_of_one_address_are_counted(waiting: Waiting) -> None:
    entries = [await waiting.join_as_guest("ichiro@example.jp") for _ in range(MAX_OF_PERSON + 1)]
    for entry in entries[:-1]:
        await waiting.desk.within(lambda work, entry=entry: work.bookings.waitlist.prove(entry, NOW))
    with pytest.raises(WaitlistLimit):
        await waiting.desk.within(lambda work: work.bookings.waitlist.prove(entries[-1], NOW))


async def test_join_needs_an_address_of_a_guest(waiting: Waiting) -> None:
    with pytest.raises(NotBookable) as refused:
        await waiting.join_as_guest("")
    assert refused.value.details["rule"] == "email_needed"


# -- what wakes the run ----------------------------------------------------------------------------------------------


async def test_run_is_woken_by_every_way_of_freeing_time(waiting: Waiting) -> None:
    desk, salon = waiting.desk, waiting.desk.salon
    held = await add_booking(desk.database, salon, FULL + HOUR, status="pending", needs_approval=True)
    swept = await add_booking(desk.database, salon, FULL + 2 * HOUR, status="pending")
    moved = await add_booking(desk.database, salon, FULL + 3 * HOUR)
    given = await add_booking(desk.database, salon, FULL + 4 * HOUR)
    await waiting.join()

    async def hours() -> None:
        await desk.within(
            lambda work: work.scheduling.hours.set_days(
                salon.business_id, [OneOffDay(DAY + timedelta(days=3), (MinuteRange(0, 60),), None)], NOW, confirm=True
            )
        )

    async def staff() -> None:
        third = await add_resource(desk.database, salon.business_id)
        new = {"service_id": salon.service_id, "requirement_group": 0, "resource_id": third}
        await add(desk.database, ServiceResource, business_id=salon.business_id, **new)

    async def lead() -> None:
        update = "UPDATE business_settings SET lead_time = interval '0' WHERE business_id = :id"
        await rows(desk.database, update, id=salon.business_id)

    ways = {
        "decline": lambda: desk.do("decline", held),
        "expiry": lambda: desk.within(lambda work: work.bookings.changes.sweep([swept], NOW + HOUR)),
        "reschedule": lambda: desk.do("reschedule", moved, start_at=FULL + 5 * HOUR),
        "another person": lambda: desk.do("reassign", given, resource_ids=(salon.resources[1],)),
        "hours": hours,
        "staff": staff,
        "lead time": lead,
        "cancellation": lambda: waiting.free(),
    }
    for name, free in ways.items():
        before = await waiting.woken()
        await free()
        assert await waiting.woken() > before, name


async def test_run_is_not_woken_where_nobody_waits(waiting: Waiting) -> None:
    other = Waiting(Desk(waiting.desk.database, await add_salon(waiting.desk.database)), waiting.sold)
    await waiting.free()
    assert await waiting.woken() == await other.woken() == 0


async def test_run_is_not_woken_by_a_confirmation(waiting: Waiting) -> None:
    booking = await add_booking(waiting.desk.database, waiting.desk.salon, FULL + HOUR, status="pending")
    await waiting.join()
    before = await waiting.woken()
    await waiting.desk.do("confirm", booking)
    assert await waiting.woken() == before


# -- reading and leaving ---------------------------------------------------------------------------------------------


async def test_entry_has_its_place_and_the_chance(waiting: Waiting) -> None:
    desk = waiting.desk
    for week in range(1, 8):
        for resource in (0, 1):
            past = FULL - timedelta(days=7 * week)
            await add_booking(desk.database, desk.salon, past, resource=resource, status="cancelled")
    entries = [await waiting.join(NOW + n * MINUTE) for n in range(2)]

    async def places(work: UnitOfWork) -> list[QueuePlace | None]:
        views = [await work.bookings.waitlist.get(entry) for entry in entries]
        return [await work.bookings.waitlist.place_of(view, NOW) for view in views]

    assert await desk.within(places) == [QueuePlace(1, 20), QueuePlace(2, 5)]


async def test_waitlist_is_hidden_from_another_tenant(waiting: Waiting) -> None:
    entry = await waiting.join()
    await waiting.free()
    await waiting.turns()
    other = await add_salon(waiting.desk.database)
    with pytest.raises(NotFound):
        await waiting.desk.within(lambda work: work.bookings.waitlist.get(entry), other.scope)
    with pytest.raises(NotFound):
        await waiting.desk.within(lambda work: work.bookings.waitlist.accept(entry, None, NOW), other.scope)
    hidden = "SELECT (SELECT count(*) FROM waitlist) + (SELECT count(*) FROM waitlist_offers) AS seen"
    seen = await waiting.desk.within(lambda work: work.session.scalar(text(hidden)), other.scope)
    assert seen == 0


async def test_leaving_with_an_open_offer_frees_its_time(waiting: Waiting) -> None:
    first, second = [await waiting.join(NOW + n * MINUTE) for n in range(2)]
    await waiting.free()
    await waiting.turns()
    await waiting.desk.within(lambda work: work.bookings.waitlist.take_off(first, False, NOW))
    await waiting.desk.within(lambda work: work.bookings.waitlist.take_off(first, False, NOW))
    assert (await waiting.entry(first))["status"] == "left"
    assert await waiting.turns() == [second]
