"""A booking of several services: all of it is taken, moved, given up and taken again together."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import pytest

from db.bookings.claims import ClaimStore
from db.bookings.commands.hold_request import HoldRequest, ItemRequest
from domain.bookings.view import BookingView
from domain.errors import NotFound
from domain.payments.status import PaymentMode
from domain.platform.actor import ActorKind
from domain.scheduling.errors import PartySizeRefused, SlotTaken
from tests.support.data import HOUR, NOW, POLICY, add_booking, add_policy, add_resource, add_salon, add_service, rows
from tests.support.desk import Desk, minutes

START = NOW + 72 * HOUR
CUSTOMER = ActorKind.CUSTOMER


@dataclass(frozen=True, slots=True)
class Visit:
    """A cut by one of two, then a colour by ``colourist``, then a class in a room with four seats."""

    desk: Desk
    colour: UUID
    dance: UUID
    colourist: UUID

    def request(self, *services: UUID, start_at: datetime = START, **more: object) -> HoldRequest:
        items = tuple(ItemRequest(one) for one in services)
        return HoldRequest(items, start_at, user_id=self.desk.salon.user_id, **more)  # type: ignore[arg-type]

    async def hold(self, *services: UUID, **more: object) -> BookingView:
        request = self.request(*services, **more)  # type: ignore[arg-type]
        view: BookingView = await self.desk.within(lambda work: work.bookings.holds.hold(request, NOW))
        return view

    async def items(self, booking_id: UUID) -> list[tuple[datetime, datetime]]:
        statement = "SELECT start_at, end_at FROM booking_items WHERE booking_id = :id ORDER BY position"
        return [(row["start_at"], row["end_at"]) for row in await rows(self.desk.database, statement, id=booking_id)]


@pytest.fixture
async def visit(desk: Desk) -> Visit:
    business = desk.salon.business_id
    colourist = await add_resource(desk.database, business)
    room = await add_resource(desk.database, business, kind="room", capacity=4)
    strict = await add_policy(desk.database, business, is_default=False, tiers=[], no_show_percent=40)
    colour = await add_service(
        desk.database,
        business,
        colourist,
        name={"ja": "カラー"},
        price=13200,
        tax_percent=8,
        duration_minutes=90,
        buffer_before_minutes=10,
        buffer_after_minutes=15,
        payment_mode="deposit",
        deposit_percent=50,
        max_wait_minutes=30,
        policy_id=strict,
    )
    dance = await add_service(
        desk.database, business, room, price=1000, duration_minutes=30, capacity=4, party_max=4, payment_mode="at_venue"
    )
    return Visit(desk, colour, dance, colourist)


async def test_hold_of_two_services_takes_both_and_adds_up(visit: Visit) -> None:
    salon = visit.desk.salon
    view = await visit.hold(salon.service_id, visit.colour)
    assert (view.start_at, view.end_at) == (START, START + minutes(150))
    assert [(item.start_at, item.end_at, item.price) for item in view.items] == [
        (START, START + HOUR, 6600),
        (START + HOUR, START + minutes(150), 13200),
    ]
    assert view.items[1].resource_ids == (visit.colourist,)
    assert (view.price, view.amount_due, view.payment_mode) == (19800, 6600, PaymentMode.DEPOSIT)
    assert view.policy["no_show_percent"] == (6600 * POLICY["no_show_percent"] + 13200 * 40) // 19800
    claims = await visit.desk.claims(view.id)
    assert [(claim["item_position"], claim["starts_at"], claim["ends_at"]) for claim in claims] == [
        (0, START, START + HOUR),
        (1, START + minutes(50), START + minutes(165)),
    ]
    stored = await visit.desk.within(lambda work: work.bookings.get(view.id))
    assert stored.items == view.items
    statement = "SELECT tax_percent FROM booking_items WHERE booking_id = :id ORDER BY position"
    taxed = await rows(visit.desk.database, statement, id=view.id)
    assert [row["tax_percent"] for row in taxed] == [10, 8]


async def test_hold_takes_nothing_where_one_service_does_not_fit(visit: Visit) -> None:
    salon = visit.desk.salon
    await visit.hold(visit.colour, start_at=START + minutes(105))
    with pytest.raises(SlotTaken) as refused:
        await visit.hold(salon.service_id, visit.colour)
    assert len(refused.value.details["alternatives"]) == 3
    taken = "SELECT id FROM resource_claims WHERE business_id = :id"
    assert len(await rows(visit.desk.database, taken, id=salon.business_id)) == 1


async def test_customer_waits_where_the_service_allows_it(visit: Visit) -> None:
    salon = visit.desk.salon
    await visit.hold(visit.colour, start_at=START - minutes(45))
    view = await visit.hold(salon.service_id, visit.colour)
    assert [item.start_at for item in view.items] == [START, START + minutes(75)]
    assert view.end_at == START + minutes(165)


async def test_moving_moves_every_service_with_its_waits_again(visit: Visit) -> None:
    salon = visit.desk.salon
    view = await visit.hold(salon.service_id, visit.colour)
    new = START + 24 * HOUR
    await visit.hold(visit.colour, start_at=new - minutes(45))
    outcome = await visit.desk.do("reschedule", view.id, CUSTOMER, start_at=new)
    assert (outcome.start_at, outcome.end_at) == (new, new + minutes(165))
    assert await visit.items(view.id) == [
        (new, new + HOUR),
        (new + minutes(75), new + minutes(165)),
    ]
    claims = await visit.desk.claims(view.id)
    assert [claim["starts_at"] for claim in claims] == [new, new + minutes(65)]
    back = await visit.desk.do("reschedule", view.id, CUSTOMER, start_at=START)
    assert back.end_at == START + minutes(150)


async def test_class_among_the_services_has_places_at_its_own_start(visit: Visit) -> None:
    salon = visit.desk.salon
    await visit.hold(visit.dance, start_at=START + HOUR, party_size=3)
    await add_salon(visit.desk.database)
    with pytest.raises(PartySizeRefused):
        await visit.hold(salon.service_id, visit.dance, party_size=2)
    view = await visit.hold(salon.service_id, visit.dance)
    assert (view.price, view.items[1].start_at) == (7600, START + HOUR)
    with pytest.raises(SlotTaken):
        await visit.hold(salon.service_id, visit.dance)


async def test_services_of_two_businesses_are_no_booking(visit: Visit) -> None:
    other = await add_salon(visit.desk.database)
    with pytest.raises(NotFound):
        await visit.hold(visit.desk.salon.service_id, other.service_id)


async def test_same_service_twice_is_twice_its_length(visit: Visit) -> None:
    view = await visit.hold(visit.colour, visit.colour)
    claims = await visit.desk.claims(view.id)
    assert len(claims) == 2
    # Buffers of one person do not overlap: the customer waits for them.
    assert view.items[1].start_at == START + minutes(120)


async def test_late_money_takes_every_service_again(visit: Visit) -> None:
    salon = visit.desk.salon
    view = await visit.hold(salon.service_id, visit.colour)
    later = NOW + minutes(11)
    outcome = await visit.desk.do("begin_expiry", view.id, now=later)
    assert outcome.status == "expired"
    assert await visit.desk.claims(view.id) == []
    taken = await visit.desk.within(
        lambda work: ClaimStore(work.session, work.context).reinstate_claims(view.id, later)
    )
    assert taken
    assert len(await visit.desk.claims(view.id)) == 2


async def test_audit_finds_nothing_wrong(visit: Visit) -> None:
    salon = visit.desk.salon
    await add_booking(visit.desk.database, salon, START + 48 * HOUR)
    await visit.hold(salon.service_id, visit.colour)
    reassigned = await visit.hold(salon.service_id, visit.colour, start_at=START + 24 * HOUR)
    await visit.desk.do("reschedule", reassigned.id, CUSTOMER, start_at=START + 30 * HOUR)
    units = await rows(
        visit.desk.database,
        "SELECT c.booking_id FROM resource_claims c JOIN booking_items i ON i.booking_id = c.booking_id "
        "AND i.position = c.item_position WHERE c.released_at IS NULL AND (c.starts_at <> i.start_at - "
        "make_interval(mins => i.buffer_before_minutes) OR c.ends_at <> i.end_at + "
        "make_interval(mins => i.buffer_after_minutes))",
    )
    assert units == []
