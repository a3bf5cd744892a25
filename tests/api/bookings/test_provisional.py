"""Bookings that staff make for somebody on the phone, and for somebody who is there."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from httpx import Response

from db.engine.session import Database as Pool
from db.engine.session import Scope
from domain.bookings.commands import BookingCommand
from domain.platform.actor import SYSTEM, ActorKind
from tests.api.conftest import PREFIX, Clock, error_of, rules_of
from tests.api.salon import WRITTEN, StaffedSalon, counted, keyed
from tests.support import data

CALLER = {"family_name": "佐藤", "given_name": "愛", "email": "ai@example.jp"}
NOTICES = "SELECT kind, audience, channel FROM notification_outbox ORDER BY id"


async def hold(salon: StaffedSalon, hour: int = 10, **more: Any) -> Response:
    """Staff hold a time of the first free day for a caller."""
    body = salon.booking_body(salon.at(hour), **{"guest": CALLER, "provisional": True, **more})
    return await salon.staff.post("/bookings", json=body, headers=keyed())


def command(made: dict[str, Any], name: str) -> BookingCommand:
    return BookingCommand(UUID(made["id"]), UUID(made["business_id"]), name, SYSTEM.kind)


async def notices(pool: Pool) -> list[tuple[str, ...]]:
    return [tuple(row.values()) for row in await data.rows(pool, NOTICES)]


async def test_post_bookings_provisional_holds_the_time_until_the_answer(
    salon: StaffedSalon, pool: Pool, clock: Clock
) -> None:
    made = (await hold(salon)).json()["data"]
    assert (made["status"], made["provisional"], made["amount_due"]["amount"]) == ("pending", True, 0)
    made_at, until = (datetime.fromisoformat(made[name]) for name in ("created_at", "hold_expires_at"))
    assert until == made_at + timedelta(hours=24)
    assert made["proof_deadline"] == made["hold_expires_at"]
    assert await notices(pool) == [("booking_held", "customer", "email")]
    async with pool.unit_of_work(Scope.tenant(UUID(made["business_id"]))) as work:
        await work.bookings.changes.prove_contact(command(made, "answered"), clock.now())
    shown = (await salon.staff.get(f"/bookings/{made['id']}")).json()["data"]
    assert (shown["status"], shown["proof_deadline"]) == ("confirmed", None)
    assert set((await notices(pool))[1:]) == {
        ("booking_confirmed", "customer", "email"),
        ("booking_confirmed", "business", "email"),
    }


async def test_post_bookings_provisional_expires_at_its_deadline_with_a_message_to_both(
    salon: StaffedSalon, pool: Pool, clock: Clock
) -> None:
    until = clock.now() + timedelta(hours=3)
    made = (await hold(salon, answer_by=until.isoformat())).json()["data"]
    assert datetime.fromisoformat(made["hold_expires_at"]) == until
    async with pool.unit_of_work(Scope.tenant(UUID(made["business_id"]))) as work:
        await work.bookings.changes.expire_unproven(command(made, "late"), until)
    assert (await salon.staff.get(f"/bookings/{made['id']}")).json()["data"]["status"] == "expired"
    assert set((await notices(pool))[1:]) == {
        ("booking_expired", "customer", "email"),
        ("booking_expired", "business", "email"),
    }


async def test_post_bookings_provisional_asks_for_the_payment_where_staff_say_so(
    salon: StaffedSalon, pool: Pool, clock: Clock
) -> None:
    made = (await hold(salon, request_payment=True)).json()["data"]
    assert (made["amount_due"]["amount"], made["proof_deadline"]) == (6600, None)
    until = datetime.fromisoformat(made["hold_expires_at"])
    assert until == datetime.fromisoformat(made["created_at"]) + timedelta(hours=24), "not the ten minutes of a hold"
    async with pool.unit_of_work(Scope.tenant(UUID(made["business_id"]))) as work:
        await work.bookings.changes.begin_expiry(command(made, "late"), until)
    assert [kind for kind, *_ in await notices(pool)] == ["booking_held", "booking_expired", "booking_expired"]


async def test_post_bookings_provisional_is_confirmed_by_staff_alone(
    salon: StaffedSalon, pool: Pool, clock: Clock
) -> None:
    made = (await hold(salon, guest={"family_name": "佐藤", "phone": "+819011112222"})).json()["data"]
    assert await notices(pool) == [("booking_held", "customer", "in_app")], "there is no address to write to"
    agreed = BookingCommand(UUID(made["id"]), UUID(made["business_id"]), "said yes", ActorKind.STAFF, salon.staff.id)
    async with pool.unit_of_work(Scope.tenant(UUID(made["business_id"]))) as work:
        outcome = await work.bookings.changes.approve(agreed, clock.now())
    assert outcome.status == "confirmed"


async def test_post_bookings_provisional_is_for_staff_and_within_bounds(
    salon: StaffedSalon, pool: Pool, clock: Clock
) -> None:
    late = (clock.now() + timedelta(hours=25)).isoformat()
    assert rules_of(await hold(salon, answer_by=late)) == {("answer_by", "answer_too_late")}
    assert rules_of(await hold(salon, answer_by=salon.at(12).isoformat())) == {("answer_by", "answer_after_start")}
    assert rules_of(await hold(salon, guest=None)) == {("customer_id", "required")}
    only = {"provisional": False, "answer_by": late}
    assert rules_of(await hold(salon, **only)) == {("answer_by", "provisional_only")}
    body = salon.booking_body(provisional=True)
    assert error_of(await salon.customer.post("/bookings", json=body, headers=keyed())) == (403, "forbidden")
    anonymous = await salon.nobody.post(f"{PREFIX}/bookings", json=body | {"guest": CALLER}, headers=keyed())
    assert anonymous.status_code in {401, 403}
    assert await counted(pool, *WRITTEN) == dict.fromkeys(WRITTEN, 0) | {"customers": 2}


async def walk_in(salon: StaffedSalon, **more: Any) -> Response:
    body = {"items": [{"service_id": str(salon.ids.service_id)}], **more}
    return await salon.staff.post("/bookings/walk-in", json=body, headers=keyed())


async def test_post_walk_in_books_this_minute_and_checks_in(salon: StaffedSalon, pool: Pool, clock: Clock) -> None:
    await data.rows(pool, "UPDATE business_settings SET undo_within = interval '10 minutes'")
    before = clock.now()
    made = (await walk_in(salon)).json()["data"]
    assert (made["status"], made["amount_due"]["amount"]) == ("checked_in", 0)
    start = datetime.fromisoformat(made["start_at"])
    assert before.replace(second=0, microsecond=0) <= start <= clock.now()
    assert (start.second, start.microsecond) == (0, 0)
    shown = (await salon.staff.get(f"/bookings/{made['id']}")).json()["data"]
    assert made == shown | {"guest_token": None, "customer_name": None}
    assert shown["customer_name"] == {"family_name": "Walk-in", "given_name": ""}
    [event] = await data.rows(pool, "SELECT payload FROM outbox WHERE command = 'booking.start'")
    assert event["payload"]["booking"]["status"] == "checked_in"
    assert event["payload"]["booking"]["undo_until"] is not None, "the run knows that it can be undone"
    history = await data.rows(pool, "SELECT event, actor_kind FROM booking_history ORDER BY id")
    assert [tuple(row.values()) for row in history] == [
        ("held", "staff"),
        ("confirmed", "system"),
        ("checked_in", "staff"),
    ]
    assert await notices(pool) == [], "the customer is there"


async def test_post_walk_in_takes_free_time_alone_and_needs_staff(
    salon: StaffedSalon, pool: Pool, clock: Clock
) -> None:
    known = await walk_in(salon, customer_id=str(salon.ids.customer_id))
    assert known.json()["data"]["customer_id"] == str(salon.ids.customer_id)
    assert (await walk_in(salon, guest={"family_name": "佐藤"})).status_code == 201
    assert error_of(await walk_in(salon)) == (409, "slot_taken"), "both chairs are taken"
    await data.rows(pool, "DELETE FROM business_hours")
    assert error_of(await walk_in(salon)) == (422, "outside_opening_hours")
    both = {"guest": {"family_name": "佐藤"}, "customer_id": str(salon.ids.customer_id)}
    assert rules_of(await walk_in(salon, **both)) == {("customer_id", "not_with_guest")}
    body = {"items": [{"service_id": str(salon.ids.service_id)}]}
    outside, inside = (404, "not_found"), (403, "forbidden")
    for person, refused in ((salon.customer, outside), (salon.other_owner, outside), (salon.assistant, inside)):
        answer = await person.post("/bookings/walk-in", json=body, headers=keyed())
        assert error_of(answer) == refused
