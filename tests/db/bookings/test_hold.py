"""Taking time: one winner, nobody without an answer, nothing half written, five round trips."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import create_async_engine

from db.bookings.commands.hold_request import HoldRequest
from db.engine.context import Context, IdempotencyKey
from db.engine.session import Database, Scope
from domain.booking_status import BookingStatus
from domain.bookings.commands import BookingCommand
from domain.bookings.contact import Contact
from domain.bookings.errors import HoldLimit
from domain.bookings.limits import MAX_OPEN_HOLDS
from domain.bookings.view import BookingView
from domain.catalogue.cancellation import MoveRules
from domain.errors import NotFound
from domain.platform.actor import Actor, ActorKind
from domain.scheduling.errors import NotBookable, OutsideBookingWindow, OutsideOpeningHours, PartySizeRefused, SlotTaken
from tests.support import data, servers
from tests.support.data import HOUR, NOW, Salon, single

TOMORROW = NOW + 24 * HOUR
#: So many that several wait for the same row at any time.
RACERS = 20


@pytest_asyncio.fixture
async def pool(database: servers.Database) -> AsyncIterator[Database]:
    # Patient: how long a crowd takes on a slow machine is not what is tested here.
    patient = {"database_pool_timeout": 240, "database_lock_timeout": 120, "database_statement_timeout": 120}
    async with data.opened(database, database_pool_size=20, database_pool_overflow=20, **patient) as opened:
        yield opened


@pytest_asyncio.fixture
async def salon(pool: Database) -> Salon:
    return await data.add_salon(pool, payment_mode="prepay")


async def hold(pool: Database, request: HoldRequest, now: datetime = NOW) -> BookingView:
    context = Context(Actor(ActorKind.CUSTOMER, request.user_id))
    async with pool.unit_of_work(Scope.of("service", request.items[0].service_id, request.user_id), context) as work:
        return await work.bookings.holds.hold(request, now)


def asked(salon: Salon, **values: object) -> HoldRequest:
    items = single(salon.service_id, values.pop("resource_ids", ()))  # type: ignore[arg-type]
    defaults = {"items": items, "start_at": TOMORROW, "user_id": salon.user_id}
    return HoldRequest(**{**defaults, **values})  # type: ignore[arg-type]


async def test_hold_writes_booking_item_claim_history_and_event(pool: Database, salon: Salon) -> None:
    view = await hold(pool, asked(salon))
    assert view.status is BookingStatus.PENDING
    assert view.hold_expires_at == NOW + timedelta(minutes=10)
    assert (view.price, view.amount_due) == (6600, 6600)
    [booking] = await data.rows(pool, "SELECT status, price, amount_due, hold_expires_at, policy FROM bookings")
    assert booking["status"] == "pending"
    assert booking["hold_expires_at"] == view.hold_expires_at
    assert booking["policy"] == {**data.POLICY, "moves": MoveRules().to_json()}
    [claim] = await data.rows(pool, "SELECT starts_at, ends_at, holds_until, resource_id FROM resource_claims")
    assert (claim["starts_at"], claim["ends_at"]) == (TOMORROW, TOMORROW + HOUR)
    assert claim["holds_until"] == view.hold_expires_at
    assert claim["resource_id"] in salon.resources
    [history] = await data.rows(pool, "SELECT event, from_status, to_status, actor_id FROM booking_history")
    assert history == {"event": "held", "from_status": None, "to_status": "pending", "actor_id": salon.user_id}
    [sent] = await data.rows(pool, "SELECT event, command, payload FROM outbox WHERE command = 'booking.start'")
    assert sent["event"] == "booking.held"
    assert sent["payload"]["booking"]["booking_id"] == str(view.id)
    audited = await data.rows(pool, "SELECT actor_id FROM audit_logs WHERE entity = 'bookings'")
    assert audited == [{"actor_id": salon.user_id}]


async def test_hold_takes_one_booking_per_staff_and_offers_alternatives_to_a_third(
    pool: Database, salon: Salon
) -> None:
    first, second = await hold(pool, asked(salon)), await hold(pool, asked(salon))
    assert first.items[0].resource_ids != second.items[0].resource_ids
    with pytest.raises(SlotTaken) as refused:
        await hold(pool, asked(salon))
    # The nearest whole hours around a full one, on the grid of a quarter.
    assert [datetime.fromisoformat(one) for one in refused.value.details["alternatives"]] == [
        TOMORROW - HOUR,
        TOMORROW + HOUR,
        TOMORROW - timedelta(minutes=75),
    ]
    assert len(await data.rows(pool, "SELECT id FROM bookings")) == 2
    assert len(await data.rows(pool, "SELECT id FROM resource_claims")) == 2


async def test_twenty_clients_on_one_slot_have_one_winner(pool: Database, salon: Salon) -> None:
    """One resource is asked for, so that exactly one may win; everybody else gets the free times."""
    async with data.one_transaction(pool):
        users = [await data.add_user(pool) for _ in range(RACERS)]
    wanted = salon.resources[:1]
    answers = await asyncio.gather(
        *(hold(pool, asked(salon, user_id=user, resource_ids=wanted)) for user in users), return_exceptions=True
    )
    winners = [one for one in answers if isinstance(one, BookingView)]
    losers = [one for one in answers if isinstance(one, SlotTaken)]
    assert (len(winners), len(losers)) == (1, RACERS - 1)
    assert all(len(one.details["alternatives"]) == 3 for one in losers)
    assert len(await data.rows(pool, "SELECT id FROM resource_claims WHERE released_at IS NULL")) == 1


async def two_at_once(pool: Database, salon: Salon) -> list[BookingView | BaseException]:
    """Two clients of which each has read that the slot is free before the other has committed."""
    wanted, other = salon.resources[:1], await data.add_user(pool)
    scope = Scope.of("service", salon.service_id, None)
    async with pool.unit_of_work(scope) as first:
        winner = await first.bookings.holds.hold(asked(salon, resource_ids=wanted), NOW)
        second = asyncio.create_task(hold(pool, asked(salon, resource_ids=wanted, user_id=other)))
        # Long enough to be done if nothing makes it wait; how long it really takes changes no outcome.
        await asyncio.wait([second], timeout=1)
    return [winner, *await asyncio.gather(second, return_exceptions=True)]


async def test_hold_of_one_slot_by_two_clients_has_one_winner(pool: Database, salon: Salon) -> None:
    _, second = await two_at_once(pool, salon)
    assert isinstance(second, SlotTaken)


async def test_hold_of_one_slot_has_two_winners_without_the_constraint(
    pool: Database, salon: Salon, database: servers.Database
) -> None:
    """The control: the same race is lost when the guard is off, so the test above can see it."""
    owner = create_async_engine(database.owner_url)
    async with owner.begin() as connection:
        await connection.execute(
            text("ALTER TABLE resource_claims DROP CONSTRAINT ex_resource_claims_no_double_booking")
        )
    await owner.dispose()
    _, second = await two_at_once(pool, salon)
    assert isinstance(second, BookingView)


async def test_lapsed_hold_is_swept_when_it_is_in_the_way(pool: Database, salon: Salon) -> None:
    wanted = salon.resources[:1]
    old = await hold(pool, asked(salon, resource_ids=wanted))
    later = NOW + timedelta(minutes=10)
    other = await data.add_user(pool)
    new = await hold(pool, asked(salon, resource_ids=wanted, user_id=other), now=later)
    statuses = await data.rows(pool, "SELECT id, status FROM bookings ORDER BY created_at")
    assert {row["id"]: row["status"] for row in statuses} == {old.id: "expired", new.id: "pending"}


async def test_live_hold_is_not_swept(pool: Database, salon: Salon) -> None:
    wanted = salon.resources[:1]
    await hold(pool, asked(salon, resource_ids=wanted))
    other = await data.add_user(pool)
    with pytest.raises(SlotTaken):
        await hold(pool, asked(salon, resource_ids=wanted, user_id=other), now=NOW + timedelta(minutes=9, seconds=59))


async def test_hold_with_nothing_to_pay_or_approve_is_confirmed_at_once(pool: Database) -> None:
    salon = await data.add_salon(pool)
    view = await hold(pool, asked(salon))
    assert view.status is BookingStatus.CONFIRMED
    [booking] = await data.rows(pool, "SELECT status FROM bookings")
    assert booking["status"] == "confirmed"
    [claim] = await data.rows(pool, "SELECT holds_until FROM resource_claims")
    assert claim["holds_until"] is None
    steps = await data.rows(pool, "SELECT from_status, to_status FROM booking_history ORDER BY id")
    assert [(row["from_status"], row["to_status"]) for row in steps] == [(None, "pending"), ("pending", "confirmed")]


async def test_hold_that_waits_for_approval_lasts_until_the_deadline(pool: Database) -> None:
    salon = await data.add_salon(pool, approval_mode="manual")
    view = await hold(pool, asked(salon, start_at=NOW + 12 * HOUR))
    assert view.status is BookingStatus.PENDING
    # A day to answer, but never longer than until the visit.
    assert view.hold_expires_at == view.approval_deadline == NOW + 12 * HOUR


async def messages(pool: Database) -> list[tuple[str, str, str]]:
    rows = await data.rows(pool, "SELECT kind, audience, channel FROM notification_outbox ORDER BY kind, audience")
    return [(row["kind"], row["audience"], row["channel"]) for row in rows]


async def test_hold_to_be_paid_notifies_the_customer_until_when(pool: Database, salon: Salon) -> None:
    view = await hold(pool, asked(salon))
    assert await messages(pool) == [("booking_held", "customer", "email")]
    [order] = await data.rows(pool, "SELECT payload FROM outbox WHERE command = 'notice.start'")
    assert datetime.fromisoformat(order["payload"]["give_up_at"]) == view.hold_expires_at


async def test_hold_without_an_address_has_its_message_in_the_app(pool: Database, salon: Salon) -> None:
    guest = Contact("客", "一", phone="+819012345678")
    await hold(pool, asked(salon, user_id=None, person=guest, by_staff=True, request_payment=True))
    assert await messages(pool) == [("booking_held", "customer", "in_app")]
    assert await data.rows(pool, "SELECT 1 FROM outbox WHERE command = 'notice.start'") == []


async def test_request_without_a_payment_is_acknowledged(pool: Database) -> None:
    await hold(pool, asked(await data.add_salon(pool, approval_mode="manual")))
    assert await messages(pool) == [
        ("booking_requested", "business", "email"),
        ("booking_requested", "customer", "email"),
    ]


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"start_at": NOW - HOUR}, OutsideBookingWindow),
        ({"start_at": NOW + timedelta(minutes=45)}, OutsideBookingWindow),
        ({"start_at": NOW + timedelta(days=61)}, OutsideBookingWindow),
        ({"start_at": TOMORROW + timedelta(minutes=7)}, OutsideOpeningHours),
        ({"party_size": 2}, PartySizeRefused),
    ],
)
async def test_refusals_write_nothing(
    pool: Database, salon: Salon, values: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await hold(pool, asked(salon, **values))
    for table in ("bookings", "resource_claims", "booking_history", "outbox", "notification_outbox"):
        assert await data.rows(pool, f"SELECT 1 FROM {table}") == []


async def test_hold_does_not_find_another_tenants_resource(pool: Database, salon: Salon) -> None:
    other = await data.add_salon(pool)
    with pytest.raises(NotFound):
        await hold(pool, asked(salon, resource_ids=other.resources[:1]))


async def test_business_that_is_not_approved_takes_no_bookings(pool: Database, salon: Salon) -> None:
    await data.rows(pool, "UPDATE businesses SET status = 'suspended' WHERE id = :id", id=salon.business_id)
    with pytest.raises(NotBookable):
        await hold(pool, asked(salon))


async def test_guests_book_unless_the_business_does_not_want_them(pool: Database, salon: Salon) -> None:
    guest = Contact("鈴木", "一郎", email="guest@example.com")
    view = await hold(pool, asked(salon, user_id=None, person=guest))
    again = await hold(pool, asked(salon, user_id=None, person=guest))
    assert view.customer_id != again.customer_id  # a typed address is not proven, so it joins no record
    await data.rows(pool, "UPDATE business_settings SET guest_booking = false")
    with pytest.raises(NotBookable):
        await hold(pool, asked(salon, user_id=None, person=guest, start_at=TOMORROW + 2 * HOUR))


async def test_hold_limits_the_open_holds_of_a_customer(pool: Database, salon: Salon) -> None:
    for number in range(MAX_OPEN_HOLDS):
        await hold(pool, asked(salon, start_at=TOMORROW + number * HOUR))
    with pytest.raises(HoldLimit):
        await hold(pool, asked(salon, start_at=TOMORROW + MAX_OPEN_HOLDS * HOUR))
    # Lapsed ones no longer count.
    await hold(pool, asked(salon, start_at=TOMORROW + MAX_OPEN_HOLDS * HOUR), now=NOW + timedelta(minutes=11))


async def test_staff_book_without_lead_time_and_without_payment(pool: Database, salon: Salon) -> None:
    start = NOW + timedelta(minutes=15)
    view = await hold(pool, asked(salon, user_id=None, customer_id=salon.customer_id, by_staff=True, start_at=start))
    assert view.status is BookingStatus.CONFIRMED
    assert view.user_id == salon.user_id


async def test_hold_takes_five_round_trips(pool: Database, salon: Salon) -> None:
    """BEGIN and COMMIT are one each; so three statements between them, whatever is written."""
    statements: list[str] = []
    event.listen(
        pool.engine.sync_engine, "before_cursor_execute", lambda _c, _k, statement, *_rest: statements.append(statement)
    )
    key = IdempotencyKey("user", "key-1", b"print")
    context = Context(Actor(ActorKind.CUSTOMER, salon.user_id))
    scope = Scope.of("service", salon.service_id, salon.user_id)
    async with pool.unit_of_work(scope, context, key) as work:
        view = await work.bookings.holds.hold(asked(salon), NOW, lambda booked: booked.code.encode(), key)
    assert len(statements) == 3
    async with pool.unit_of_work(scope, context, key) as work:
        assert work.stored_response is not None
        assert (work.stored_response.status_code, work.stored_response.body) == (201, view.code.encode())


async def test_clock_of_a_zone_decides_the_day(pool: Database, salon: Salon) -> None:
    """Open 22:00–25:30 in Tokyo: one o'clock at night belongs to the day before, two o'clock to nothing."""
    await data.rows(pool, "UPDATE business_hours SET opens = 1320, closes = 1530")
    one_at_night = datetime(2026, 11, 25, 16, 0, tzinfo=UTC)
    view = await hold(pool, asked(salon, start_at=one_at_night - timedelta(minutes=30)))
    assert view.start_at == one_at_night - timedelta(minutes=30)
    with pytest.raises(OutsideOpeningHours) as refused:
        await hold(pool, asked(salon, start_at=one_at_night))
    assert refused.value.details["alternatives"][0] == "2026-11-26T00:30:00+09:00"


async def test_hold_offers_the_times_of_the_person_asked_for(pool: Database, salon: Salon) -> None:
    wanted = salon.resources[:1]
    await hold(pool, asked(salon, resource_ids=wanted))
    with pytest.raises(SlotTaken) as refused:
        await hold(pool, asked(salon, resource_ids=wanted))
    offered = [datetime.fromisoformat(one) for one in refused.value.details["alternatives"]]
    assert TOMORROW not in offered  # free with the colleague, who was not asked for
    assert offered[:2] == [TOMORROW - HOUR, TOMORROW + HOUR]


async def test_limit_of_holds_counts_what_comes_at_once(pool: Database, salon: Salon) -> None:
    async def one(number: int) -> BookingView:
        request = asked(salon, start_at=TOMORROW + number * HOUR)
        scope = Scope.of("service", salon.service_id, salon.user_id)
        async with pool.unit_of_work(scope, key=IdempotencyKey(str(salon.user_id), str(number), b"x")) as work:
            return await work.bookings.holds.hold(request, NOW)

    answers = await asyncio.gather(*(one(number) for number in range(12)), return_exceptions=True)
    assert sum(isinstance(answer, BookingView) for answer in answers) == MAX_OPEN_HOLDS
    assert sum(isinstance(answer, HoldLimit) for answer in answers) == 12 - MAX_OPEN_HOLDS


async def test_staff_move_a_walk_in_without_lead_time(pool: Database) -> None:
    salon = await data.add_salon(pool)
    booking_id = await data.add_booking(pool, salon, NOW + HOUR / 2)
    move = {"booking_id": booking_id, "business_id": salon.business_id, "start_at": NOW + HOUR * 3 / 4}
    with pytest.raises(OutsideBookingWindow):
        async with pool.unit_of_work(salon.scope) as work:
            await work.bookings.changes.reschedule(
                BookingCommand(command_id="c1", actor_kind=ActorKind.CUSTOMER, **move), NOW
            )
    async with pool.unit_of_work(salon.scope) as work:
        outcome = await work.bookings.changes.reschedule(
            BookingCommand(command_id="c2", actor_kind=ActorKind.STAFF, **move), NOW
        )
    assert outcome.start_at == NOW + HOUR * 3 / 4


async def test_reschedule_works_after_the_service_is_withdrawn(pool: Database) -> None:
    salon = await data.add_salon(pool)
    booking_id = await data.add_booking(pool, salon)
    await data.rows(pool, "UPDATE services SET is_active = false WHERE id = :id", id=salon.service_id)
    command = BookingCommand(booking_id, salon.business_id, "c1", ActorKind.CUSTOMER, start_at=NOW + 96 * HOUR)
    async with pool.unit_of_work(salon.scope) as work:
        assert (await work.bookings.changes.reschedule(command, NOW)).start_at == NOW + 96 * HOUR
