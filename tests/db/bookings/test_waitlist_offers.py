"""Offers of the waitlist: whose turn it is, what an offer keeps, and how it ends."""

from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_asyncio

from db.scheduling.business_hours import OneOffDay
from domain.booking_status import BookingStatus
from domain.errors import Gone, WrongState
from domain.scheduling.errors import NotBookable, OutsideOpeningHours, SlotTaken
from domain.scheduling.hours import MinuteRange
from domain.scheduling.reasons import ChosenBy
from tests.db.bookings.waiting import DAY, FULL, OFFER, Waiting
from tests.support.data import HOUR, NOW, add_booking, add_resource, add_service, add_user, rows
from tests.support.desk import Desk

MINUTE = timedelta(minutes=1)


@pytest_asyncio.fixture
async def waiting(desk: Desk) -> Waiting:
    return await Waiting.of(desk)


# -- being offered ---------------------------------------------------------------------------------------------------


async def test_take_turn_offers_each_freed_time_to_one_entry_in_order(waiting: Waiting) -> None:
    second = await waiting.join(NOW + MINUTE)
    first = await waiting.join(NOW)
    third = await waiting.join(NOW + 2 * MINUTE)
    assert await waiting.turns() == []
    await waiting.free(0)
    assert await waiting.turns() == [first]
    await waiting.free(1)
    assert await waiting.turns() == [second]
    assert await waiting.held() == 2
    [offer] = await waiting.offers(first)
    assert (offer["start_at"], offer["end_at"], offer["expires_at"]) == (FULL, FULL + HOUR, NOW + OFFER)
    assert (await waiting.entry(third))["status"] == "waiting"
    assert await waiting.messages_to(first) == ["waitlist_offered"]


async def test_offer_keeps_its_time_from_everybody_else(waiting: Waiting) -> None:
    entry = await waiting.join()
    await waiting.free()
    assert await waiting.turn() == entry
    with pytest.raises(SlotTaken):
        await waiting.take_as_another()
    with pytest.raises(SlotTaken):
        await waiting.desk.do("reschedule", await add_booking(waiting.desk.database, waiting.desk.salon), start_at=FULL)


async def test_hold_takes_the_time_of_an_offer_that_is_over_without_any_worker(waiting: Waiting) -> None:
    entry = await waiting.join()
    await waiting.free()
    await waiting.turn()
    booking = await waiting.take_as_another(now=NOW + OFFER)
    assert booking.status is BookingStatus.CONFIRMED
    assert [one["status"] for one in await waiting.offers(entry)] == ["lapsed"]
    found = await waiting.entry(entry)
    assert (found["status"], found["unanswered"]) == ("waiting", 1)


async def test_accept_makes_a_booking_of_the_very_time(waiting: Waiting) -> None:
    entry = await waiting.join()
    await waiting.free(1)
    await waiting.turn()
    booking = await waiting.accept(entry, NOW + OFFER - MINUTE)
    assert (booking.start_at, booking.status) == (FULL, BookingStatus.CONFIRMED)
    assert booking.items[0].resource_ids == (waiting.desk.salon.resources[1],)
    assert booking.items[0].chosen_by is ChosenBy.ONLY_ONE  # nobody was asked for
    assert await waiting.held() == 0
    found = await waiting.entry(entry)
    assert (found["status"], found["booking_id"]) == ("accepted", booking.id)
    [start] = await waiting.desk.outbox_commands("booking.start")
    assert start["aggregate"] == f"booking/{booking.id}"
    with pytest.raises(WrongState):
        await waiting.accept(entry)


async def test_accept_asks_for_the_payment_and_the_approval_of_the_service(waiting: Waiting) -> None:
    await rows(
        waiting.desk.database,
        "UPDATE services SET payment_mode = 'prepay', approval_mode = 'manual' WHERE id = :id",
        id=waiting.desk.salon.service_id,
    )
    entry = await waiting.join()
    await waiting.free()
    await waiting.turn()
    booking = await waiting.accept(entry)
    assert (booking.status, booking.amount_due, booking.needs_approval) == (BookingStatus.PENDING, 6600, True)


async def test_accept_by_a_guest_asks_for_no_second_proof_and_no_kana(waiting: Waiting) -> None:
    await rows(
        waiting.desk.database,
        "UPDATE business_settings SET address_proof_within = interval '30 minutes' WHERE business_id = :id",
        id=waiting.desk.salon.business_id,
    )
    entry = await waiting.join_as_guest("ichiro@example.jp")
    # What the business demands later is not asked of somebody who waits already.
    await rows(
        waiting.desk.database,
        "UPDATE business_settings SET asks_kana = 'demanded' WHERE business_id = :id",
        id=waiting.desk.salon.business_id,
    )
    await waiting.desk.within(lambda work: work.bookings.waitlist.prove(entry, NOW))
    await waiting.free()
    await waiting.turn()
    booking = await waiting.accept(entry)
    assert (booking.status, booking.proof_deadline) == (BookingStatus.CONFIRMED, None)
    assert (await waiting.desk.booking(booking.id))["contact_proven_at"] == NOW


async def test_accept_is_refused_once_the_time_to_answer_is_over(waiting: Waiting) -> None:
    entry = await waiting.join()
    await waiting.free()
    await waiting.turn()
    with pytest.raises(Gone) as refused:
        await waiting.accept(entry, NOW + OFFER)
    assert refused.value.details == {"reason": "offer_expired"}
    assert await waiting.held() == 1  # until somebody ends it


async def test_accept_that_is_refused_leaves_the_offer_as_it_is(waiting: Waiting) -> None:
    entry = await waiting.join()
    await waiting.free()
    await waiting.turn()
    update = "UPDATE services SET is_active = false WHERE id = :id"
    await rows(waiting.desk.database, update, id=waiting.desk.salon.service_id)
    with pytest.raises(NotBookable):
        await waiting.accept(entry)
    assert await waiting.held() == 1
    assert (await waiting.entry(entry))["status"] == "offered"


async def test_person_with_several_entries_is_asked_once_about_a_time(waiting: Waiting) -> None:
    person = await add_user(waiting.desk.database, email_verified_at=NOW)
    entries = [await waiting.join(NOW + number * MINUTE, user_id=person) for number in range(3)]
    other = await waiting.join(NOW + 5 * MINUTE)
    await waiting.free()
    assert await waiting.turns() == [entries[0]]
    await waiting.decline(entries[0])
    assert await waiting.turns() == [other]


async def test_person_with_several_entries_has_one_offer_at_a_time(waiting: Waiting) -> None:
    person = await add_user(waiting.desk.database, email_verified_at=NOW)
    first = await waiting.join(NOW, user_id=person)
    await waiting.join(NOW + MINUTE, user_id=person)
    other = await waiting.join(NOW + 5 * MINUTE)
    await waiting.free(0)
    await waiting.free(1)
    assert await waiting.turns() == [first, other]


async def test_decline_moves_on_and_the_same_time_is_not_offered_again(waiting: Waiting) -> None:
    first, second = [await waiting.join(NOW + n * MINUTE) for n in range(2)]
    await waiting.free()
    assert await waiting.turns() == [first]
    await waiting.decline(first)
    assert await waiting.turns() == [second]
    await waiting.decline(second)
    assert await waiting.turns() == []
    assert await waiting.held() == 0
    await waiting.free(1)  # another chair at the same time is the same time to a person
    assert await waiting.turns() == []
    with pytest.raises(WrongState):
        await waiting.decline(first)


async def test_silence_moves_on_and_three_of_them_end_the_entry(waiting: Waiting) -> None:
    desk = waiting.desk
    others = [FULL + n * HOUR for n in (1, 2)]
    sold = [[await add_booking(desk.database, desk.salon, hour, resource=one) for one in (0, 1)] for hour in others]
    silent = await waiting.join(times=(MinuteRange(15 * 60, 18 * 60),))
    after = await waiting.join(NOW + MINUTE)
    await waiting.free()
    assert await waiting.turns() == [silent]
    assert await waiting.turns(NOW + OFFER) == [after]  # the same minute in which the offer ended
    for number, booking in enumerate((sold[0][0], sold[1][0]), 1):
        await desk.do("cancel", booking)
        assert await waiting.turns(NOW + number * OFFER) == [silent]
    await waiting.turns(NOW + 3 * OFFER)
    found = await waiting.entry(silent)
    assert (found["status"], found["end_reason"], found["unanswered"]) == ("ended", "unanswered", 3)
    sent = ["waitlist_offered", "waitlist_offer_over", "waitlist_offered", "waitlist_offer_over", "waitlist_offered"]
    assert await waiting.messages_to(silent) == [*sent, "waitlist_ended"]


async def test_decline_starts_the_count_of_silence_again(waiting: Waiting) -> None:
    desk = waiting.desk
    next_hour = [await add_booking(desk.database, desk.salon, FULL + HOUR, resource=one) for one in (0, 1)]
    entry = await waiting.join(times=(MinuteRange(15 * 60, 17 * 60),))
    await waiting.free()
    await waiting.turns()
    await waiting.turns(NOW + OFFER)
    assert (await waiting.entry(entry))["unanswered"] == 1
    await desk.do("cancel", next_hour[0], now=NOW + OFFER)
    assert await waiting.turns(NOW + OFFER) == [entry]
    await waiting.decline(entry, NOW + OFFER)
    assert (await waiting.entry(entry))["unanswered"] == 0


async def test_take_turn_offers_no_time_that_the_entry_does_not_fit(waiting: Waiting) -> None:
    desk = waiting.desk
    before = [await add_booking(desk.database, desk.salon, FULL - HOUR, resource=one) for one in (0, 1)]
    half = await waiting.join(times=(MinuteRange(14 * 60 + 30, 15 * 60 + 30),))
    hanako = await waiting.join(NOW + MINUTE, resource_ids=(desk.salon.resources[0],))
    await waiting.free(1)  # Jiro's hour
    assert await waiting.turns() == []
    await desk.do("cancel", before[1])  # now Jiro has half past two to half past three
    assert await waiting.turns() == [half]
    await waiting.free(0)
    assert await waiting.turns() == [hanako]
    assert [one["start_at"] for one in await waiting.offers(half)] == [FULL - HOUR / 2]


async def test_take_turn_asks_across_services_in_the_order_of_joining(waiting: Waiting) -> None:
    desk = waiting.desk
    colour = await add_service(desk.database, desk.salon.business_id, *desk.salon.resources)
    cut = await waiting.join(NOW + MINUTE)
    other = Waiting(Desk(desk.database, replace(desk.salon, service_id=colour)), waiting.sold)
    first = await other.join(NOW)
    await waiting.free()
    assert await waiting.turns() == [first]
    await waiting.decline(first)
    assert await waiting.turns() == [cut]


async def test_take_turn_makes_one_offer_at_a_time_for_an_entry(waiting: Waiting) -> None:
    desk = waiting.desk
    next_hour = [await add_booking(desk.database, desk.salon, FULL + HOUR, resource=one) for one in (0, 1)]
    both = await waiting.join(times=(MinuteRange(15 * 60, 17 * 60),))
    await waiting.free()
    await desk.do("cancel", next_hour[0])
    assert await waiting.turns() == [both]
    await waiting.decline(both)
    assert await waiting.turns() == [both]
    assert [one["start_at"] for one in await waiting.offers(both)] == [FULL, FULL + HOUR]


async def test_offer_ends_before_the_lead_time_begins(waiting: Waiting) -> None:
    update = "UPDATE business_settings SET lead_time = interval '26 hours 50 minutes' WHERE business_id = :id"
    await rows(waiting.desk.database, update, id=waiting.desk.salon.business_id)
    entry = await waiting.join()
    await waiting.free()
    assert await waiting.turn() == entry
    assert [one["expires_at"] for one in await waiting.offers(entry)] == [NOW + 10 * MINUTE]
    await waiting.turns(NOW + 10 * MINUTE)
    assert (await waiting.entry(entry))["end_reason"] == "passed"


async def test_class_counts_the_places_that_are_offered(desk: Desk) -> None:
    room = await add_resource(desk.database, desk.salon.business_id, kind="room", capacity=3)
    yoga = await add_service(desk.database, desk.salon.business_id, room, capacity=2, party_max=2)
    salon = replace(desk.salon, service_id=yoga, resources=(room, room))
    sold = [await add_booking(desk.database, salon, FULL, unit=unit) for unit in (0, 1)]
    waiting = Waiting(Desk(desk.database, salon), (sold[0], sold[1]))
    entry, late = await waiting.join(), await waiting.join(NOW + MINUTE)
    await waiting.free(0)
    assert await waiting.turns() == [entry]
    with pytest.raises(SlotTaken):
        await waiting.take_as_another()
    await waiting.accept(entry)
    assert await waiting.turns() == []
    assert (await waiting.entry(late))["status"] == "waiting"


async def test_offer_is_withdrawn_when_the_business_closes_that_day(waiting: Waiting) -> None:
    desk = waiting.desk
    entry = await waiting.join()
    await waiting.free(0)
    await waiting.turns()
    day = OneOffDay(DAY, (), None)
    await desk.within(lambda work: work.scheduling.hours.set_days(desk.salon.business_id, [day], NOW, confirm=True))
    with pytest.raises(OutsideOpeningHours):
        await waiting.accept(entry)
    assert await waiting.turns() == []
    assert [one["status"] for one in await waiting.offers(entry)] == ["withdrawn"]
    assert await waiting.held() == 0
    assert (await waiting.messages_to(entry))[-1] == "waitlist_offer_over"
    again = OneOffDay(DAY, (MinuteRange(0, 1440),), None)
    await desk.within(lambda work: work.scheduling.hours.set_days(desk.salon.business_id, [again], NOW, confirm=True))
    assert await waiting.turns() == [entry]  # once more the same time: nobody said no to it
