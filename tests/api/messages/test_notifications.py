"""Notifications: who sees them, marking as read, sending again, and SendGrid's delivery events."""

import base64
import json
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest_asyncio
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import FastAPI
from httpx import Response

from api.app import create_app
from api.http.envelope import Envelope, ListEnvelope
from api.v1.messages.notifications.schemas import NotificationRead
from db.engine.session import Database as Pool
from db.engine.session import Scope
from db.messages.notices import AccountEmail
from domain.messages.again import MOST_AGAIN
from domain.messages.kinds import AccountEmailKind, NoticeKind
from providers.cache.interface import Cache
from tests.api.conftest import PREFIX, Clock, Person, error_of, rules_of
from tests.api.salon import StaffedSalon, counted, keyed
from tests.support import data, servers

KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC = base64.b64encode(
    KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
).decode()


@pytest_asyncio.fixture
async def app(database: servers.Database, pool: Pool, clock: Clock, redis_cache: Cache) -> AsyncIterator[FastAPI]:
    """An API that knows the public half of the key that signs SendGrid's events."""
    settings = database.settings(temporal_address="127.0.0.1:1", sendgrid_webhook_public_key=PUBLIC)
    app = create_app(settings, database=pool, cache=redis_cache, password_rounds=4, now=clock.now)
    async with app.router.lifespan_context(app):
        yield app


async def queued_notice(pool: Pool, salon: StaffedSalon, kind: NoticeKind, audience: Any = "customer") -> str:
    """One message about a new booking of the customer's."""
    start = salon.at(9 + (await counted(pool, "bookings"))["bookings"])
    booking = await data.add_booking(pool, salon.ids, start)
    async with pool.unit_of_work(salon.ids.scope) as work:
        made = await work.messages.notices.queue(
            kind, booking, salon.ids.business_id, f"{kind}:{booking}", {}, audience
        )
    assert made is not None
    return str(made)


async def listed(person: Person, **params: Any) -> list[str]:
    answer = await person.get("/notifications", params=params)
    assert answer.status_code == 200, answer.text
    ListEnvelope[NotificationRead].model_validate_json(answer.content, extra="forbid")
    return [row["id"] for row in answer.json()["data"]]


async def test_notifications_list_shows_each_person_their_own(salon: StaffedSalon, pool: Pool) -> None:
    first = await queued_notice(pool, salon, NoticeKind.BOOKING_CONFIRMED)
    second = await queued_notice(pool, salon, NoticeKind.BOOKING_CANCELLED)
    to_owner = await queued_notice(pool, salon, NoticeKind.BOOKING_REQUESTED, "business")
    assert await listed(salon.customer) == [second, first]
    assert await listed(salon.owner) == [to_owner]
    assert await listed(salon.other_owner) == []
    page = (await salon.customer.get("/notifications", params={"limit": 1})).json()
    rest = (await salon.customer.get("/notifications", params={"cursor": page["meta"]["next_cursor"]})).json()
    assert [page["data"][0]["id"], rest["data"][0]["id"]] == [second, first]
    business = {"business_id": str(salon.ids.business_id)}
    assert await listed(salon.assistant, **business) == [to_owner, second, first]
    assert await listed(salon.owner, status="failed", **business) == []
    theirs = await salon.other_owner.get("/notifications", params=business)
    unknown = await salon.other_owner.get("/notifications", params={"business_id": str(uuid4())})
    assert error_of(theirs) == error_of(unknown) == (404, "not_found")
    assert theirs.json()["error"] == unknown.json()["error"]
    assert error_of(await salon.customer.get("/notifications", params=business)) == (404, "not_found")


async def test_account_emails_are_listed_read_and_noted_like_any_message(salon: StaffedSalon, pool: Pool) -> None:
    """Of the platform itself, about no booking and of no business: nobody but the recipient sees them."""
    about_booking = await queued_notice(pool, salon, NoticeKind.BOOKING_CONFIRMED)
    async with pool.unit_of_work(Scope.public()) as work:
        made = await work.messages.notices.queue_account_email(
            AccountEmail(AccountEmailKind.PASSWORD_CHANGED, salon.customer.id, "e-mail")
        )
    path = f"/notifications/{made}"
    assert (await listed(salon.customer))[:2] == [str(made), about_booking]
    one = (await salon.customer.get(path)).json()["data"]
    assert (one["kind"], one["booking_id"], one["business_id"]) == ("password_changed", None, None)
    assert (await salon.customer.put(path, json={"read": True})).json()["data"]["read_at"] is not None
    for other in (salon.other_owner, salon.owner):
        assert error_of(await other.get(path)) == (404, "not_found")
        assert error_of(await other.put(path, json={"read": True})) == (404, "not_found")
        assert str(made) not in await listed(other)


async def test_reading_one_and_noting_it(salon: StaffedSalon, pool: Pool) -> None:
    notice = await queued_notice(pool, salon, NoticeKind.BOOKING_CONFIRMED)
    path = f"/notifications/{notice}"
    assert (await salon.customer.get(path)).json()["data"]["read_at"] is None
    for person in (salon.owner, salon.staff, salon.assistant):
        assert (await person.get(path)).status_code == 200
        assert error_of(await person.put(path, json={"read": True})) == (404, "not_found")
    first = (await salon.customer.put(path, json={"read": True})).json()["data"]["read_at"]
    assert first is not None
    assert (await salon.customer.put(path, json={"read": True})).json()["data"]["read_at"] == first
    assert await listed(salon.customer, unread=True) == []
    assert error_of(await salon.customer.put(path, json={"read": False})) == (422, "invalid_input")
    for method, body in (("GET", None), ("PUT", {"read": True}), ("POST", None)):
        target = path + "/retry" if method == "POST" else path
        errors = []
        for address in (target, target.replace(notice, str(uuid4()))):
            answer = await salon.other_owner.http.request(method, PREFIX + address, json=body)
            assert error_of(answer) == (404, "not_found"), method
            errors.append({**answer.json()["error"], "details": None})
        assert errors[0] == errors[1]
        assert error_of(await salon.nobody.request(method, PREFIX + target, json=body)) == (401, "unauthenticated")


async def test_sending_a_failed_one_again(salon: StaffedSalon, pool: Pool, clock: Clock) -> None:
    notice = await queued_notice(pool, salon, NoticeKind.BOOKING_CONFIRMED)
    path = f"/notifications/{notice}/retry"
    assert error_of(await salon.owner.post(path)) == (409, "wrong_state")
    async with pool.unit_of_work(salon.ids.scope) as work:
        await work.messages.notices.mark_failed(UUID(notice), "gave_up", clock.now())
    for person in (salon.staff, salon.assistant, salon.customer):
        assert error_of(await person.post(path)) == (403, "forbidden")
    assert (await salon.owner.get(f"/notifications/{notice}")).json()["data"]["failure_reason"] == "gave_up"
    assert (await salon.customer.get(f"/notifications/{notice}")).json()["data"]["failure_reason"] is None
    again = await salon.owner.post(path, headers=keyed("n-1"))
    read = Envelope[NotificationRead].model_validate_json(again.content, extra="forbid").data
    assert read.status == "queued"
    assert (await salon.owner.post(path, headers=keyed("n-1"))).content == again.content
    starts = await data.rows(pool, "SELECT event FROM outbox WHERE command = 'notice.start' ORDER BY id")
    assert [row["event"] for row in starts] == ["notice.queued", "notice.retried"]


def signed(body: bytes, key: ec.EllipticCurvePrivateKey = KEY) -> dict[str, str]:
    """As SendGrid documents it."""
    at = str(int(time.time()))
    made = base64.b64encode(key.sign(at.encode() + body, ec.ECDSA(hashes.SHA256()))).decode()
    return {
        "X-Twilio-Email-Event-Webhook-Signature": made,
        "X-Twilio-Email-Event-Webhook-Timestamp": at,
        "Content-Type": "application/json",
    }


async def send(salon: StaffedSalon, body: bytes, headers: dict[str, str]) -> Response:
    return await salon.nobody.post(f"{PREFIX}/notifications/webhook/sendgrid", content=body, headers=headers)


def delivery_event(notice_id: str, event: str) -> dict[str, Any]:
    at = int(time.time())
    return {"email": "a@example.jp", "timestamp": at, "event": event, "sg_event_id": event, "notice_id": notice_id}


async def test_sendgrid_webhook_updates_the_delivery(salon: StaffedSalon, pool: Pool) -> None:
    first = await queued_notice(pool, salon, NoticeKind.BOOKING_CONFIRMED)
    second = await queued_notice(pool, salon, NoticeKind.BOOKING_CANCELLED)
    body = json.dumps(
        [
            delivery_event(first, "delivered"),
            delivery_event(first, "processed"),
            delivery_event(second, "bounce"),
            delivery_event(str(uuid4()), "delivered"),
        ]
    ).encode()
    answer = await send(salon, body, signed(body))
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"] == {"known": 2}
    assert (await send(salon, body, signed(body))).status_code == 200
    statuses = [(await salon.customer.get(f"/notifications/{one}")).json()["data"]["status"] for one in (first, second)]
    assert statuses == ["delivered", "bounced"]


async def test_forged_delivery_events_change_nothing(salon: StaffedSalon, pool: Pool) -> None:
    notice = await queued_notice(pool, salon, NoticeKind.BOOKING_CONFIRMED)
    body = json.dumps([delivery_event(notice, "delivered")]).encode()
    for headers in (
        {"Content-Type": "application/json"},
        signed(body + b" "),
        signed(body, ec.generate_private_key(ec.SECP256R1())),
    ):
        for language in ("ja", "en"):
            answer = await send(salon, body, {**headers, "Accept-Language": language})
            assert error_of(answer) == (400, "forged_webhook")
            assert answer.json()["message"].isascii() is (language == "en")
    [row] = await data.rows(pool, "SELECT status FROM notification_outbox")
    assert row == {"status": "queued"}


async def sent_again(person: Person, booking: object, kind: str = "booking_confirmed") -> Any:
    body = {"booking_id": str(booking), "kind": kind}
    return await person.post("/notifications", json=body, headers=keyed())


async def booking_of(pool: Pool, notice: str) -> UUID:
    [row] = await data.rows(pool, "SELECT booking_id FROM notification_outbox WHERE id = :id", id=UUID(notice))
    found: UUID = row["booking_id"]
    return found


async def test_create_notification_sends_a_message_of_the_booking_once_more(salon: StaffedSalon, pool: Pool) -> None:
    first = await queued_notice(pool, salon, NoticeKind.BOOKING_CONFIRMED)
    booking = await booking_of(pool, first)
    answer = await sent_again(salon.staff, booking)
    assert answer.status_code == 201, answer.text
    Envelope[NotificationRead].model_validate_json(answer.content, extra="forbid")
    made = answer.json()["data"]
    assert (made["kind"], made["status"], made["booking_id"]) == ("booking_confirmed", "queued", str(booking))
    assert await listed(salon.customer) == [made["id"], first]
    [command] = await data.rows(pool, "SELECT command FROM outbox WHERE aggregate = :key", key=f"notice/{made['id']}")
    assert command["command"] == "notice.start"


async def test_create_notification_twice_with_one_key_sends_once(salon: StaffedSalon, pool: Pool) -> None:
    booking = await booking_of(pool, await queued_notice(pool, salon, NoticeKind.BOOKING_CONFIRMED))
    body, key = {"booking_id": str(booking), "kind": "booking_confirmed"}, keyed()
    both = [await salon.staff.post("/notifications", json=body, headers=key) for _ in range(2)]
    assert both[0].json()["data"] == both[1].json()["data"]
    assert len(await listed(salon.customer)) == 2


async def test_create_notification_is_limited_for_each_booking(salon: StaffedSalon, pool: Pool) -> None:
    booking = await booking_of(pool, await queued_notice(pool, salon, NoticeKind.BOOKING_CONFIRMED))
    codes = [(await sent_again(salon.staff, booking)).status_code for _ in range(MOST_AGAIN + 1)]
    assert codes == [201] * MOST_AGAIN + [429]


async def test_create_notification_refuses_what_would_be_wrong_now(salon: StaffedSalon, pool: Pool) -> None:
    booking = await booking_of(pool, await queued_notice(pool, salon, NoticeKind.BOOKING_CONFIRMED))
    assert rules_of(await sent_again(salon.staff, booking, "booking_cancelled")) == {("kind", "not_about_this_status")}
    assert rules_of(await sent_again(salon.staff, booking, "booking_changed")) == {("kind", "was_never_sent")}
    await data.rows(pool, "UPDATE bookings SET status = 'cancelled' WHERE id = :id", id=booking)
    assert rules_of(await sent_again(salon.staff, booking)) == {("kind", "not_about_this_status")}


async def test_create_notification_needs_an_address_or_a_login(salon: StaffedSalon, pool: Pool) -> None:
    booking = await booking_of(pool, await queued_notice(pool, salon, NoticeKind.BOOKING_CONFIRMED))
    await data.rows(pool, "UPDATE bookings SET email = '', phone = NULL, user_id = NULL WHERE id = :id", id=booking)
    await data.rows(pool, "UPDATE customers SET user_id = NULL")
    assert rules_of(await sent_again(salon.staff, booking)) == {("booking_id", "has_no_address")}


async def test_create_notification_reaches_a_proven_number_with_a_short_text(salon: StaffedSalon, pool: Pool) -> None:
    booking = await booking_of(pool, await queued_notice(pool, salon, NoticeKind.BOOKING_CONFIRMED))
    async with pool.unit_of_work(salon.ids.scope) as work:
        await work.messages.notices.queue(NoticeKind.PAYMENT_RECEIVED, booking, salon.ids.business_id, "received", {})
    number = "UPDATE bookings SET email = '', user_id = NULL, phone = '+819011112222' WHERE id = :id"
    await data.rows(pool, number, id=booking)
    await data.rows(pool, "UPDATE customers SET user_id = NULL")
    assert rules_of(await sent_again(salon.staff, booking)) == {("booking_id", "has_phone_only")}, "nobody proved it"
    await data.rows(pool, "UPDATE bookings SET contact_proven_at = now() WHERE id = :id", id=booking)
    answer = await sent_again(salon.staff, booking)
    assert (answer.status_code, answer.json()["data"]["status"]) == (201, "queued"), answer.text
    long = await sent_again(salon.staff, booking, "payment_received")
    assert rules_of(long) == {("booking_id", "has_phone_only")}, "it has no short text"


async def test_create_notification_has_no_voucher(salon: StaffedSalon, pool: Pool) -> None:
    """The numbers of the last message may be of a voucher that was replaced."""
    booking = await booking_of(pool, await queued_notice(pool, salon, NoticeKind.PAYMENT_VOUCHER))
    pending = "UPDATE bookings SET status = 'pending', hold_expires_at = now() + interval '1 day' WHERE id = :id"
    await data.rows(pool, pending, id=booking)
    assert rules_of(await sent_again(salon.staff, booking, "payment_voucher")) == {("kind", "not_about_this_status")}


async def test_create_notification_is_for_those_who_work_there(salon: StaffedSalon, pool: Pool) -> None:
    booking = await booking_of(pool, await queued_notice(pool, salon, NoticeKind.BOOKING_CONFIRMED))
    for person in (salon.customer, salon.assistant):
        assert error_of(await sent_again(person, booking)) == (403, "forbidden")
    theirs, unknown = await sent_again(salon.other_owner, booking), await sent_again(salon.other_owner, uuid4())
    assert error_of(theirs) == error_of(unknown) == (404, "not_found")
