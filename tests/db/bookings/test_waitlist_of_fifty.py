"""Fifty people who wait at one salon, with answers, silence and cancellations by chance, while every step may die.

A small reference model says who must be offered what; Postgres must have done exactly that. A step dies in two ways:
before its transaction is committed, and after it, with its answer lost.
"""

import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from db.bookings.waitlist.entries import JoinRequest
from db.engine.session import UnitOfWork
from domain.bookings.waitlist import MAX_UNANSWERED, EntryStatus, Wanted
from domain.scheduling.hours import MinuteRange
from tests.db.bookings.waiting import DAY, FULL, OFFER
from tests.support import sampling
from tests.support.data import HOUR, NOW, add_booking, add_user, rows
from tests.support.desk import Desk

E = EntryStatus
#: The hours of the day that are sold out at the beginning, twice each.
HOURS = tuple(range(9, 17))
Slot = tuple[UUID, int]


class Killed(Exception):
    """The process died."""


@dataclass
class Person:
    """One who waits, as the model knows it. ``asked``: hours that were offered."""

    id: UUID
    hours: range
    people: frozenset[UUID]
    status: EntryStatus = E.WAITING
    asked: set[int] = field(default_factory=set)
    unanswered: int = 0
    offer: Slot | None = None
    until: datetime = NOW


@dataclass
class Model:
    """Who waits in which order, and which hour of whom is free."""

    people: list[Person]
    free: set[Slot] = field(default_factory=set)
    sold: dict[Slot, UUID] = field(default_factory=dict)

    def expected(self) -> tuple[Person, int] | None:
        """Who is next, and for which hour."""
        for person in self.people:
            if person.status is E.WAITING:
                for hour in person.hours:
                    if hour not in person.asked and any((one, hour) in self.free for one in person.people):
                        return person, hour
        return None

    def offered(self, person: Person, slot: Slot, until: datetime) -> None:
        self.free.remove(slot)
        person.status, person.offer, person.until = E.OFFERED, slot, until
        person.asked.add(slot[1])

    def ended(self, person: Person, becomes: EntryStatus) -> None:
        """The offer is over, and its hour free unless it became a booking."""
        assert person.offer is not None
        if becomes is not E.ACCEPTED:
            self.free.add(person.offer)
        person.status, person.offer = becomes, None

    def lapse(self, now: datetime) -> None:
        for person in self.people:
            if person.offer is not None and person.until <= now:
                person.unanswered += 1
                self.ended(person, E.ENDED if person.unanswered >= MAX_UNANSWERED else E.WAITING)


@dataclass
class Play:
    """The salon in Postgres beside the model."""

    desk: Desk
    model: Model
    chance: random.Random
    now: datetime = NOW
    deaths: int = 0
    #: Offers that the change itself made, before any look.
    at_once: int = 0

    async def step(self, do: Callable[[UnitOfWork], Awaitable[Any]]) -> None:
        """One transaction, which is tried again when its process died before the commit."""
        while self.chance.random() < 0.25:
            self.deaths += 1
            with suppress(Killed):
                async with self.desk.database.unit_of_work(self.desk.salon.scope) as work:
                    await do(work)
                    raise Killed
        await self.desk.within(do)

    async def look(self) -> None:
        """The run looks until nothing more can be offered; each look is compared with the model. Its answer is not
        read, as if the process had died after the commit."""
        business_id, now = self.desk.salon.business_id, self.now

        async def look(work: UnitOfWork) -> None:
            await work.bookings.waitlist.take_turn(business_id, now)

        while True:
            self.model.lapse(now)
            await self.step(look)
            if not await self.compare():
                assert self.model.expected() is None
                return

    async def compare(self) -> int:
        """The new offers are those of the model, in its order; how many they are."""
        new = [row for row in await self.open_offers() if self.person(row["entry_id"]).offer is None]
        for row in new:
            expected = self.model.expected()
            assert expected is not None
            person, hour = expected
            assert (row["entry_id"], row["start_at"]) == (person.id, _at(hour))
            [resource] = row["resource_ids"]
            assert resource in person.people
            self.model.offered(person, (resource, hour), row["expires_at"])
        return len(new)

    async def open_offers(self) -> list[dict[str, Any]]:
        found = "SELECT * FROM waitlist_offers WHERE business_id = :id AND status = 'open' ORDER BY id"
        return await rows(self.desk.database, found, id=self.desk.salon.business_id)

    def person(self, entry_id: UUID) -> Person:
        return next(one for one in self.model.people if one.id == entry_id)

    async def cancel(self) -> None:
        """One of those who have an hour gives it up."""
        if self.model.sold:
            slot = self.chance.choice(sorted(self.model.sold))
            booking = self.model.sold.pop(slot)
            await self.desk.do("cancel", booking, now=self.now)
            self.model.free.add(slot)

    async def answer(self) -> None:
        """One of those who are asked accepts, declines or leaves."""
        asked = [one for one in self.model.people if one.offer is not None and one.until > self.now]
        if not asked:
            return
        person, now = self.chance.choice(asked), self.now
        entry, slot = person.id, person.offer
        assert slot is not None
        match self.chance.choice(["accept", "accept", "decline", "decline", "leave"]):
            case "accept":
                await self.step(lambda work: work.bookings.waitlist.accept(entry, None, now))
                [row] = await rows(self.desk.database, "SELECT booking_id FROM waitlist WHERE id = :id", id=entry)
                self.model.sold[slot] = row["booking_id"]
                self.model.ended(person, E.ACCEPTED)
            case "decline":
                await self.step(lambda work: work.bookings.waitlist.decline(entry, now))
                person.unanswered = 0
                self.model.ended(person, E.WAITING)
            case _:
                await self.step(lambda work: work.bookings.waitlist.take_off(entry, False, now))
                self.model.ended(person, E.LEFT)


def _at(hour: int) -> datetime:
    return FULL + (hour - 15) * HOUR


async def begin(desk: Desk, chance: random.Random, people: int) -> Play:
    """Every hour is sold, and everybody has joined."""
    update = """UPDATE business_settings SET slot_interval_minutes = 60, waitlist_offer_for = :offer
                 WHERE business_id = :id"""
    await rows(desk.database, update, id=desk.salon.business_id, offer=OFFER)
    model = Model([])
    for hour in HOURS:
        for number, resource in enumerate(desk.salon.resources):
            model.sold[resource, hour] = await add_booking(desk.database, desk.salon, _at(hour), resource=number)
    for number in range(people):
        first = chance.choice(HOURS)
        hours = range(first, min(first + chance.randint(1, 6), HOURS[-1] + 1))
        only = frozenset({chance.choice(desk.salon.resources)}) if chance.random() < 0.3 else frozenset()
        times = (MinuteRange(60 * hours.start, 60 * hours.stop),)
        request = JoinRequest(
            desk.salon.service_id,
            Wanted(DAY, DAY, times, tuple(only)),
            user_id=await add_user(desk.database, email_verified_at=NOW),
        )
        at = NOW + timedelta(seconds=number)
        entry = await desk.within(lambda work, request=request, at=at: work.bookings.waitlist.join(request, at))
        model.people.append(Person(entry, hours, only or frozenset(desk.salon.resources)))
    return Play(desk, model, chance, NOW + timedelta(minutes=1))


@pytest.mark.parametrize("number", range(20 if sampling.is_whole() else 1))
async def test_fifty_who_wait_are_sold_exactly_the_freed_time_in_their_order(desk: Desk, number: int) -> None:
    play = await begin(desk, random.Random(f"{sampling.seed()}/{number}"), 50)
    for _ in range(60):
        await play.chance.choice([play.cancel, play.cancel, play.answer, play.answer, play.answer])()
        play.at_once += await play.compare()
        assert play.model.expected() is None, "the change that frees time offers it"
        if play.chance.random() < 0.3:
            play.now += OFFER / 3
        await play.look()
    while any(person.offer for person in play.model.people):
        play.now += OFFER
        await play.look()
    await agrees(play)
    assert play.deaths > 10
    assert play.at_once > 10


async def agrees(play: Play) -> None:
    """Postgres and the model, hour by hour and person by person."""
    desk, model = play.desk, play.model
    assert model.expected() is None, "nobody who wants a free hour was left out"
    live = await rows(
        desk.database,
        """SELECT c.resource_id, c.starts_at, c.booking_id, c.offer_id FROM resource_claims c
            WHERE c.business_id = :id AND c.released_at IS NULL""",
        id=desk.salon.business_id,
    )
    taken = {(one["resource_id"], (one["starts_at"] - _at(0)) // HOUR): one["booking_id"] for one in live}
    assert taken == model.sold
    assert len(live) == len(taken)
    found = await rows(
        desk.database, "SELECT id, status FROM waitlist WHERE business_id = :id", id=desk.salon.business_id
    )
    assert {one["id"]: one["status"] for one in found} == {one.id: one.status for one in model.people}
    accepted = [one for one in model.people if one.status is E.ACCEPTED]
    assert accepted, "somebody got an hour"
