"""Crowds: all want the last seats of a class, and all move among few people and rooms, at the same time."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from sqlalchemy import text

from api.access.tokens import Login
from api.app import create_app
from db.bookings import claims
from db.bookings.commands.hold_request import HoldRequest
from db.bookings.tables import ResourceClaim
from db.catalogue.tables import ServiceResource
from db.engine.session import Database
from db.identity.tables import User
from domain.bookings.commands import BookingOutcome
from domain.bookings.view import BookingView
from domain.errors import DomainError
from domain.platform.actor import ActorKind
from domain.scheduling.errors import SlotTaken
from tests.api.conftest import PREFIX, client_of
from tests.races.crowd import answers, deadlocks
from tests.races.overlap import Step, overlap
from tests.support import sampling, servers
from tests.support.data import (
    HOUR,
    NOW,
    Salon,
    add,
    add_all,
    add_booking,
    add_resource,
    add_salon,
    add_service,
    add_user,
    opened,
    rows,
    single,
)
from tests.support.desk import Desk

SEATS, LEFT = 10, 2
CLIENTS = sampling.examples(40, whole=1000)
MOVES = sampling.examples(80, whole=2000)


@pytest_asyncio.fixture
async def crowded(database: servers.Database) -> AsyncIterator[Database]:
    """Connections for many transactions at once, to a database of the test's own. Nobody is sent away for want of a
    connection: that is a matter of the machine."""
    patient = {"database_pool_timeout": timedelta(minutes=9), "database_lock_timeout": timedelta(minutes=1)}
    async with opened(database, database_pool_size=12, database_pool_overflow=0, **patient) as pool:
        yield pool


async def add_class(pool: Database, start_at: datetime, sold: int) -> Salon:
    """A class of ten in either of two rooms, which have more seats than that; ``sold`` of its places are."""
    salon = await add_salon(pool)
    left, right = [await add_resource(pool, salon.business_id, kind="room", capacity=SEATS) for _ in range(2)]
    yoga = await add_service(pool, salon.business_id, left, right, capacity=SEATS, party_max=2)
    changed = replace(salon, service_id=yoga, resources=(left, right))
    for unit in range(sold):
        await add_booking(pool, changed, start_at, unit=unit)
    return changed


async def test_last_seats_of_a_class_go_to_exactly_as_many_clients(
    crowded: Database, database: servers.Database, redis_url: str
) -> None:
    now = datetime.now(UTC)
    start_at = now.replace(minute=0, second=0, microsecond=0) + 72 * HOUR
    salon = await add_class(crowded, start_at, SEATS - LEFT)
    people = [uuid4() for _ in range(CLIENTS)]
    login = {"password_hash": "!", "family_name": "田中", "email_verified_at": now}
    await add_all(crowded, User, *({**login, "id": one, "email": f"{one}@example.jp"} for one in people))
    away = {"temporal_address": "127.0.0.1:1", "s3_endpoint_url": "http://127.0.0.1:1"}
    settings = database.settings(redis_url=redis_url, request_timeout=timedelta(minutes=9), **away)
    app = create_app(settings, database=crowded, password_rounds=4)
    async with app.router.lifespan_context(app), client_of(app) as http:

        async def book(user_id: UUID) -> tuple[int, Any]:
            token = app.state.services.tokens.issue(Login(user_id, False), now)
            answer = await http.post(
                f"{PREFIX}/bookings",
                json={"service_id": str(salon.service_id), "start_at": start_at.isoformat()},
                headers={"Authorization": f"Bearer {token}", "Idempotency-Key": uuid4().hex},
            )
            return answer.status_code, answer.json()

        heard = await asyncio.gather(*map(book, people))
    statuses = Counter(status for status, _ in heard)
    assert statuses == {201: LEFT, 409: CLIENTS - LEFT}
    refused = [body["error"] for status, body in heard if status == 409]
    assert {error["code"] for error in refused} == {"slot_taken"}
    assert all(error["details"]["alternatives"] for error in refused)
    assert await seats_sold(crowded, salon, start_at) == SEATS


async def seats_sold(pool: Database, salon: Salon, start_at: datetime) -> int:
    live = """SELECT coalesce(sum(party_size), 0) AS n FROM bookings
               WHERE business_id = :id AND start_at = :at AND status IN ('pending', 'confirmed')"""
    return int((await rows(pool, live, id=salon.business_id, at=start_at))[0]["n"])


def take_seat(desk: Desk, user_id: UUID, room: UUID) -> Step:
    request = HoldRequest(single(desk.salon.service_id, [room]), NOW + 72 * HOUR, user_id=user_id)
    return lambda work: work.bookings.holds.hold(request, NOW)


@pytest.mark.parametrize("is_locked", [True, False])
async def test_last_seat_is_sold_twice_only_without_the_lock_of_its_class(
    pool: Database, monkeypatch: pytest.MonkeyPatch, is_locked: bool
) -> None:
    """Without the lock it is the control of the crowd above."""
    start_at = NOW + 72 * HOUR
    salon = await add_class(pool, start_at, SEATS - 1)
    if not is_locked:
        no_lock = text("SELECT CAST(:service_id AS uuid), CAST(:start_at AS timestamptz)")
        monkeypatch.setattr(claims, "_ONE_CLASS_AT_A_TIME", no_lock)
    people = [await add_user(pool, email_verified_at=NOW) for _ in range(2)]
    desk = Desk(pool, salon)
    booked, other = await overlap(pool, salon.scope, *map(partial(take_seat, desk), people, salon.resources))
    assert isinstance(booked, BookingView)
    assert isinstance(other, SlotTaken) is is_locked
    assert await seats_sold(pool, salon, start_at) == SEATS + (not is_locked)


# -- several units of one group ---------------------------------------------------------------------------------------

PEOPLE, RACERS, HOURS = 4, 10, 6


async def test_bookings_of_two_people_each_at_once_end_without_a_deadlock(crowded: Database) -> None:
    """Each wants two of the same four. One who takes the first and misses the second must let the first go at once."""
    salon = await add_salon(crowded)
    people = [*salon.resources, *[await add_resource(crowded, salon.business_id) for _ in range(PEOPLE - 2)]]
    pair = await add_service(crowded, salon.business_id, *people)
    second = {"service_id": pair, "requirement_group": 1, "business_id": salon.business_id}
    await add_all(crowded, ServiceResource, *({**second, "resource_id": one} for one in people))
    customers = [await add_user(crowded, email_verified_at=NOW) for _ in range(RACERS)]
    before = await deadlocks(crowded)

    async def book(customer: UUID, start_at: datetime) -> BookingView | DomainError:
        request = HoldRequest(single(pair), start_at, user_id=customer)
        try:
            async with crowded.unit_of_work(salon.scope) as work:
                return await work.bookings.holds.hold(request, NOW)
        except DomainError as refusal:
            return refusal

    for hour in range(HOURS):
        heard = await asyncio.gather(*(book(customer, NOW + (72 + hour) * HOUR) for customer in customers))
        kinds = Counter(type(one) for one in heard)
        assert kinds == {BookingView: PEOPLE // 2, SlotTaken: RACERS - PEOPLE // 2}
    assert await deadlocks(crowded) == before


# -- moves -----------------------------------------------------------------------------------------------------------

#: Hours among which the bookings move; each of three pairs of a person and a room can be had once in each.
SPAN, PAIRS = 14, 3


async def fill(pool: Database) -> tuple[Desk, list[UUID]]:
    """A salon whose visits need a person and a room, two thirds full."""
    salon = await add_salon(pool)
    people = [*salon.resources, await add_resource(pool, salon.business_id)]
    rooms = [await add_resource(pool, salon.business_id, kind="room") for _ in range(PAIRS)]
    visit = await add_service(pool, salon.business_id, *people)
    needs = {"service_id": visit, "requirement_group": 1, "business_id": salon.business_id}
    await add_all(pool, ServiceResource, *({**needs, "resource_id": room} for room in rooms))
    await rows(
        pool,
        "UPDATE business_settings SET slot_interval_minutes = 60 WHERE business_id = :id",
        id=salon.business_id,
    )
    changed = replace(salon, service_id=visit)
    made = []
    for hour in range(SPAN):
        for pair in range(PAIRS - 1):
            made.append(await _add_visit(pool, changed, NOW + (72 + hour) * HOUR, people[pair], rooms[pair]))
    return Desk(pool, changed), made


async def _add_visit(pool: Database, salon: Salon, start_at: datetime, person: UUID, room: UUID) -> UUID:
    booking_id = await add_booking(pool, replace(salon, resources=(person, person)), start_at)
    taken = {"business_id": salon.business_id, "booking_id": booking_id, "starts_at": start_at}
    await add(pool, ResourceClaim, **taken, ends_at=start_at + HOUR, resource_id=room, unit=0, requirement_group=1)
    return booking_id


async def test_moves_at_once_lose_no_booking_and_share_no_unit(crowded: Database) -> None:
    desk, bookings = await fill(crowded)
    chance = random.Random(f"{sampling.seed()} moves")
    before = await deadlocks(crowded)

    def move() -> partial[Any]:
        start_at = NOW + (72 + chance.randrange(SPAN)) * HOUR
        command = desk.command(chance.choice(bookings), ActorKind.STAFF, start_at=start_at)
        return partial(desk.execute_command, "reschedule", command)

    heard = await answers([move() for _ in range(MOVES)])
    unexpected = [one for one in heard if isinstance(one, DomainError) and not isinstance(one, SlotTaken)]
    assert unexpected == []
    moved = [one for one in heard if isinstance(one, BookingOutcome)]
    assert len(moved) > MOVES // 10
    assert await twice_taken(crowded, desk.salon) == []
    for booking_id in bookings:
        booking, held = await desk.booking(booking_id), await desk.claims(booking_id)
        assert booking["status"] == "confirmed"
        assert [one["starts_at"] for one in held] == [booking["start_at"]] * 2
        assert sorted(one["requirement_group"] for one in held) == [0, 1]
    changed = sum([len(await desk.history(booking_id)) for booking_id in bookings])
    versions = sum([(await desk.booking(booking_id))["version"] for booking_id in bookings])
    assert changed == versions
    assert changed <= len(moved), "a move to the time that it has already changes nothing"
    assert await deadlocks(crowded) == before


async def twice_taken(pool: Database, salon: Salon) -> list[dict[str, Any]]:
    """Units that two live claims have at one time, found without the constraint."""
    pairs = """SELECT a.id FROM resource_claims a JOIN resource_claims b
                   ON a.resource_id = b.resource_id AND a.unit = b.unit AND a.id < b.id
                  AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at
                WHERE a.business_id = :id AND a.released_at IS NULL AND b.released_at IS NULL"""
    return await rows(pool, pairs, id=salon.business_id)


async def test_moves_at_once_share_units_without_the_constraint(unguarded_desk: Desk) -> None:
    """The control: `twice_taken` sees what the constraint forbids."""
    desk = unguarded_desk
    await add_booking(desk.database, desk.salon, NOW + 96 * HOUR, resource=1)
    ids = [await add_booking(desk.database, desk.salon, NOW + (72 + 2 * number) * HOUR) for number in range(2)]

    def move(booking_id: UUID) -> Step:
        command = desk.command(booking_id, ActorKind.CUSTOMER, start_at=NOW + 96 * HOUR)
        return lambda work: work.bookings.changes.reschedule(command, NOW)

    await overlap(desk.database, desk.salon.scope, *map(move, ids))
    assert len(await twice_taken(desk.database, desk.salon)) == 1
