"""Somebody who asks to be forgotten is: nothing in the whole database says who she was."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from api.http.envelope import Envelope
from api.v1.privacy.data_rights.schemas import ErasureRead
from db.engine.session import Database as Pool
from db.engine.session import Scope
from db.tables import Base
from domain.privacy.status import ERASURE_DELAY
from tests.api.business_setup import create_business
from tests.api.conftest import PASSWORD, PREFIX, Clock, Login, Person, error_of
from tests.api.privacy.conftest import Hands
from tests.api.privacy.person import EMAIL, TRACES, dump, plant, traces_in
from tests.support import data
from tests.support.servers import Database

ASK = {"password": PASSWORD}


async def test_erasure_leaves_no_trace(
    log_in: Login, pool: Pool, database: Database, hands: Hands, client: AsyncClient, clock: Clock
) -> None:
    """The control first: the search sees every trace, in the tables where it was left."""
    ayumi = await plant(log_in, pool, database)
    planted = traces_in(await dump(database))
    assert set(planted) == set(TRACES), "the search must be able to see each of them"
    assert any("audit_logs" in table for table in planted["phone"])
    copies = await _copy_of_her_data(ayumi.login, hands)
    answer = await ayumi.login.post("/auth/me/erasure", json=ASK)
    assert answer.status_code == 202, answer.text
    Envelope[ErasureRead].model_validate_json(answer.content, extra="forbid")
    erasure = await hands.erasure_of(ayumi.login.id)
    assert await hands.erasures.anonymise(erasure)
    assert not await hands.erasures.anonymise(erasure), "a second time changes nothing"
    assert await hands.erasures.remove_exports(erasure) == copies
    assert hands.shelf.objects == {}
    [planned] = [email for email in await hands.send_account_emails() if email.to == EMAIL]
    assert "2026" in planned.text or "2027" in planned.text
    left = traces_in(await dump(database))
    assert left == {"email": ["erasures"]}, "where the last e-mail goes, and nowhere else"

    clock.ahead = ERASURE_DELAY + timedelta(minutes=1)
    assert await hands.erasures.finish(erasure)
    assert not await hands.erasures.finish(erasure)
    assert not await hands.erasures.forget_address(erasure), "the last e-mail has not gone out"
    [last] = await hands.send_account_emails()
    assert last.to == EMAIL
    assert await hands.erasures.forget_address(erasure)
    assert await hands.erasures.forget_address(erasure)
    assert traces_in(await dump(database)) == {}
    await _what_the_law_keeps_is_there(pool, ayumi.bookings)
    assert await data.rows(pool, "SELECT 1 FROM review_statistics WHERE stars_5 > 0") == []
    for table in ("bookings", "customers", "notification_outbox", "reviews"):
        assert await data.rows(pool, f"SELECT 1 FROM {table} WHERE user_id = :id", id=ayumi.login.id) == []
    [proof] = await data.rows(pool, "SELECT proof, completed_at, address FROM erasures")
    assert proof["completed_at"] is not None
    assert proof["proof"]["anonymised"]["customers"] == 3
    assert proof["proof"]["anonymised"]["bookings"] == 2
    assert proof["proof"]["deleted"]["bookings"] == 2
    again = await client.post(f"{PREFIX}/auth/register", json={**_NEW, "email": EMAIL})
    assert again.status_code == 201, "the address is free for somebody new"


_NEW = {"password": PASSWORD, "family_name": "新", "given_name": "規"}


async def _copy_of_her_data(person: Person, hands: Hands) -> int:
    assert (await person.post("/auth/me/export")).status_code == 202
    await hands.exports.write(await hands.export_of(person.id))
    assert EMAIL.encode() in next(iter(hands.shelf.objects.values()))
    return 1


async def _what_the_law_keeps_is_there(pool: Pool, bookings: list[UUID]) -> None:
    kept = await data.rows(
        pool,
        """SELECT b.id, b.price, p.captured FROM bookings b JOIN booking_payments p ON p.booking_id = b.id
            WHERE b.id = ANY(:ids)""",
        ids=bookings,
    )
    assert sorted(row["id"] for row in kept) == sorted(bookings)
    assert {(row["price"], row["captured"]) for row in kept} == {(6600, 6600)}
    trail = await data.rows(
        pool,
        "SELECT action FROM audit_logs WHERE entity = 'bookings' AND entity_id = CAST(:id AS text)",
        id=str(bookings[0]),
    )
    assert trail, "that something was done stays; what it said of her does not"


async def test_erasure_touches_no_other_person(log_in: Login, pool: Pool, database: Database, hands: Hands) -> None:
    ayumi = await plant(log_in, pool, database)
    others = "SELECT * FROM customers WHERE id <> ALL(:ids) ORDER BY id"
    before = await data.rows(pool, others, ids=ayumi.records)
    assert before
    await ayumi.login.post("/auth/me/erasure", json=ASK)
    erasure = await hands.erasure_of(ayumi.login.id)
    await hands.erasures.anonymise(erasure)
    await hands.erasures.finish(erasure)
    assert await data.rows(pool, others, ids=ayumi.records) == before
    hashes = await data.rows(pool, "SELECT password_hash FROM users WHERE id <> :id", id=ayumi.login.id)
    assert len(hashes) == 4


async def test_anonymise_deletes_stored_answers_of_visits_as_guest(
    log_in: Login, pool: Pool, database: Database, hands: Hands
) -> None:
    """Answers to a guest belong to a digest: they are found by what they say."""
    ayumi = await plant(log_in, pool, database)
    bodies = {
        "typed in capitals": f'{{"email": "{EMAIL.upper()}", "special_requests": "text"}}',
        "names the booking alone": f'{{"id": "{ayumi.bookings[0]}", "special_requests": "text"}}',
        "names the record alone": f'{{"customer_id": "{ayumi.records[0]}", "special_requests": "text"}}',
        "about somebody else": f'{{"id": "{ayumi.login.id.hex}", "special_requests": "text"}}',
    }
    for key, body in bodies.items():
        await data.rows(
            pool,
            "INSERT INTO idempotency_keys (subject, key, fingerprint, status_code, body)"
            " VALUES ('a digest', :key, '', 201, convert_to(:body, 'UTF8'))",
            key=key,
            body=body,
        )
    await ayumi.login.post("/auth/me/erasure", json=ASK)
    await hands.erasures.anonymise(await hands.erasure_of(ayumi.login.id))
    left = await data.rows(pool, "SELECT key FROM idempotency_keys WHERE subject = 'a digest'")
    assert [row["key"] for row in left] == ["about somebody else"]


async def test_login_is_closed_at_once(
    log_in: Login, pool: Pool, database: Database, client: AsyncClient, customer: Person
) -> None:
    ayumi = await plant(log_in, pool, database)
    first = await ayumi.login.post("/auth/me/erasure", json=ASK)
    assert first.status_code == 202
    again = await ayumi.login.post("/auth/me/erasure", json=ASK)
    assert error_of(again) == (401, "unauthenticated")
    refused = await client.post(f"{PREFIX}/auth/login", json={"email": EMAIL, "password": PASSWORD})
    assert error_of(refused) == (401, "invalid_credentials")
    [live] = await data.rows(
        pool, "SELECT count(*) AS n FROM user_sessions WHERE user_id = :id AND ended_at IS NULL", id=ayumi.login.id
    )
    assert live["n"] == 0
    [order] = await data.rows(pool, "SELECT aggregate, payload FROM outbox WHERE command = 'erasure.start'")
    assert order["aggregate"] == f"erasure/{ayumi.login.id}"
    assert set(order["payload"]) == {"erasure_id", "user_id", "delete_at"}
    # An erased person has no login: the id in the answer is enough.
    shown = await client.get(f"{PREFIX}/auth/erasures/{first.json()['data']['id']}")
    assert (shown.status_code, shown.json()["data"]["anonymised_at"]) == (200, None)
    assert EMAIL not in shown.text
    assert error_of(await client.get(f"{PREFIX}/auth/erasures/{customer.id}")) == (404, "not_found")


async def test_wrong_password_changes_nothing(customer: Person, pool: Pool) -> None:
    refused = await customer.post("/auth/me/erasure", json={"password": "Wrong-2026"})
    assert error_of(refused) == (401, "invalid_credentials")
    assert (await customer.get("/auth/me")).status_code == 200
    assert await data.rows(pool, "SELECT 1 FROM erasures") == []


async def test_guessing_at_the_password_locks_the_login(customer: Person, client: AsyncClient, pool: Pool) -> None:
    """A person at an open session may guess the password five times."""
    for _ in range(5):
        refused = await customer.post("/auth/me/erasure", json={"password": "Wrong-2026"})
        assert error_of(refused) == (401, "invalid_credentials")
    assert error_of(await customer.post("/auth/me/erasure", json=ASK)) == (429, "account_locked")
    login = {"email": customer.email, "password": PASSWORD}
    # Counted by the session: the login itself stays open to its owner.
    assert (await client.post(f"{PREFIX}/auth/login", json=login)).status_code == 200
    assert await data.rows(pool, "SELECT 1 FROM erasures") == []


async def test_right_password_is_no_failure(owner: Person, client: AsyncClient) -> None:
    await create_business(owner)
    for _ in range(6):
        assert error_of(await owner.post("/auth/me/erasure", json=ASK)) == (409, "erasure_blocked")
    login = await client.post(f"{PREFIX}/auth/login", json={"email": owner.email, "password": PASSWORD})
    assert login.status_code == 200


async def test_erasure_is_refused_while_something_is_open(customer: Person, pool: Pool, clock: Clock) -> None:
    salon = await data.add_salon(pool)
    start = clock.now().replace(microsecond=0) + timedelta(days=3)
    ahead = await data.add_booking(pool, salon, start, user_id=customer.id)
    await data.add_booking(pool, salon, start + timedelta(days=1), user_id=customer.id, status="cancelled")
    business = (await create_business(customer))["id"]
    refused = await customer.post("/auth/me/erasure", json=ASK)
    assert error_of(refused) == (409, "erasure_blocked")
    details = refused.json()["error"]["details"]
    assert [booking["id"] for booking in details["bookings"]] == [str(ahead)]
    assert details["businesses"] == [business]
    await data.rows(pool, "UPDATE bookings SET status = 'cancelled' WHERE id = :id", id=ahead)
    await data.rows(pool, "UPDATE businesses SET deleted_at = now() WHERE id = :id", id=UUID(business))
    assert (await customer.post("/auth/me/erasure", json=ASK)).status_code == 202


async def test_begin_erasure_is_blocked_by_a_guest_visit_of_the_proven_address(
    customer: Person, pool: Pool, clock: Clock, hands: Hands
) -> None:
    """The same visits block an erasure, are in the export, and lose their contact with the erasure."""
    salon = await data.add_salon(pool)
    record = await data.add_customer(pool, salon.business_id, email=customer.email)
    start = clock.now().replace(microsecond=0) + timedelta(days=3)
    proven = {"email": customer.email, "contact_proven_at": clock.now()}
    visit = await data.add_booking(pool, salon, start, user_id=None, customer_id=record, **proven)
    assert (await customer.post("/auth/me/export")).status_code == 202
    await hands.exports.write(await hands.export_of(customer.id))
    assert str(visit).encode() not in next(iter(hands.shelf.objects.values())), "the address is not proven"
    await data.rows(pool, "UPDATE users SET email_verified_at = now() WHERE id = :id", id=customer.id)
    refused = await customer.post("/auth/me/erasure", json=ASK)
    assert error_of(refused) == (409, "erasure_blocked")
    assert [one["id"] for one in refused.json()["error"]["details"]["bookings"]] == [str(visit)]
    assert (await customer.post("/auth/me/export")).status_code == 202
    await hands.exports.write(await hands.export_of(customer.id))
    assert any(str(visit).encode() in body for body in hands.shelf.objects.values())
    await data.rows(pool, "UPDATE bookings SET status = 'cancelled' WHERE id = :id", id=visit)
    assert (await customer.post("/auth/me/erasure", json=ASK)).status_code == 202
    await hands.erasures.anonymise(await hands.erasure_of(customer.id))
    [left] = await data.rows(pool, "SELECT family_name, email, phone FROM bookings WHERE id = :id", id=visit)
    assert left == {"family_name": "—", "email": None, "phone": None}


async def test_begin_erasure_is_not_blocked_by_an_address_that_somebody_typed(
    customer: Person, pool: Pool, clock: Clock, hands: Hands
) -> None:
    salon = await data.add_salon(pool)
    await data.rows(pool, "UPDATE users SET email_verified_at = now() WHERE id = :id", id=customer.id)
    record = await data.add_customer(pool, salon.business_id, email=customer.email)
    start = clock.now().replace(microsecond=0) + timedelta(days=3)
    typed = {"email": customer.email, "family_name": "別人"}
    visit = await data.add_booking(pool, salon, start, user_id=None, customer_id=record, **typed)
    assert (await customer.post("/auth/me/erasure", json=ASK)).status_code == 202
    await hands.erasures.anonymise(await hands.erasure_of(customer.id))
    [left] = await data.rows(pool, "SELECT family_name, email, status FROM bookings WHERE id = :id", id=visit)
    assert left == {"family_name": "別人", "email": None, "status": "confirmed"}, (
        "the visit stands, the address is gone"
    )
    [kept] = await data.rows(pool, "SELECT email FROM customers WHERE id = :id", id=record)
    assert kept["email"] is None


async def test_anonymise_takes_the_name_off_the_bookable_person(customer: Person, pool: Pool, hands: Hands) -> None:
    salon = await data.add_salon(pool)
    mine, colleague = salon.resources
    await data.add_staff(pool, salon.business_id, customer.id, resource_id=mine)
    assert (await customer.post("/auth/me/erasure", json=ASK)).status_code == 202
    await hands.erasures.anonymise(await hands.erasure_of(customer.id))
    names = await data.rows(
        pool, "SELECT id, name->>'en' AS name FROM resources WHERE id IN (:a, :b)", a=mine, b=colleague
    )
    assert {row["id"]: row["name"] for row in names} == {mine: "—", colleague: "Jiro"}


async def test_anonymise_takes_the_name_of_staff_out_of_trail_and_invitations(
    customer: Person, pool: Pool, hands: Hands
) -> None:
    salon = await data.add_salon(pool)
    mine, colleague = salon.resources
    await data.add_staff(pool, salon.business_id, customer.id, resource_id=mine, ended_at=datetime.now(UTC))
    for resource in salon.resources:
        await data.rows(pool, 'UPDATE resources SET name = \'{"ja": "麦穂子"}\' WHERE id = :id', id=resource)
    await data.rows(
        pool,
        """INSERT INTO staff_invitations (business_id, email, role, resource_name, language, invited_by, expires_at)
           VALUES (:business, :email, 'staff', '{"ja": "麦穂子"}', 'ja', :owner, now() + interval '1 day')""",
        business=salon.business_id,
        email=customer.email,
        owner=salon.owner_id,
    )
    assert (await customer.post("/auth/me/erasure", json=ASK)).status_code == 202
    await hands.erasures.anonymise(await hands.erasure_of(customer.id))
    [invitation] = await data.rows(pool, "SELECT resource_name FROM staff_invitations")
    assert invitation["resource_name"] == {"ja": "—", "en": "—"}
    trail = "SELECT entity_id FROM audit_logs WHERE before::text LIKE :name OR after::text LIKE :name"
    named = {row["entity_id"] for row in await data.rows(pool, trail, name="%麦穂子%")}
    assert named == {str(colleague)}


async def test_anonymise_leaves_the_name_of_who_works_there_now(customer: Person, pool: Pool, hands: Hands) -> None:
    salon = await data.add_salon(pool)
    seat, _ = salon.resources
    await data.add_staff(pool, salon.business_id, customer.id, resource_id=seat, ended_at=datetime.now(UTC))
    await data.add_staff(pool, salon.business_id, resource_id=seat)
    assert (await customer.post("/auth/me/erasure", json=ASK)).status_code == 202
    await hands.erasures.anonymise(await hands.erasure_of(customer.id))
    [row] = await data.rows(pool, "SELECT name->>'en' AS name FROM resources WHERE id = :id", id=seat)
    assert row["name"] != "—"


async def test_records_of_another_person_are_refused(pool: Pool, customer: Person) -> None:
    async with pool.unit_of_work(Scope.self_(customer.id)) as work:
        with pytest.raises(DBAPIError, match="another person"):
            await work.session.execute(text("SELECT app_records_of_person(:id)"), {"id": UUID(int=1)})


async def test_trail_cannot_be_masked_for_anybody_else(pool: Pool, customer: Person, hands: Hands) -> None:
    """The application may take what is personal out of the trail for those who asked, and only that."""
    nobody = "SELECT * FROM app_erase_trail(:id, '{}', '{}')"
    with pytest.raises(DBAPIError, match="no open erasure"):
        await data.rows(pool, nobody, id=UUID(int=1))
    await customer.post("/auth/me/erasure", json=ASK)
    before = await data.rows(pool, "SELECT id, at, entity, entity_id, action, actor_id FROM audit_logs ORDER BY id")
    erasure = await hands.erasure_of(customer.id)
    await hands.erasures.anonymise(erasure)
    after = await data.rows(pool, "SELECT id, at, entity, entity_id, action, actor_id FROM audit_logs ORDER BY id")
    assert after[: len(before)] == before
    await hands.erasures.finish(erasure)
    with pytest.raises(DBAPIError, match="no open erasure"):
        await data.rows(pool, nobody, id=erasure.erasure_id)


#: Columns whose name says that they may be about a person, and why forgetting leaves them alone.
PERSONAL = re.compile(
    r"e?mail|address|phone|kana|family_name|given_name|birth|request|notes?$|reason|user_agent|^ip$|facts|body|payload"
    r"|preferences|tags|tokens|details|before|after|^event$|text|device|label|caption"
)
LEFT_ALONE = {
    "analytics_exports.requested_by": "an id",
    "attention.details": "ids, amounts and codes by the project's rule",
    "audit_logs.request_id": "an id",
    "venue_payments.reason": "one of a list",
    "customer_import_rows.reason": "one of a list",
    "blocks.reason": "the roster: the employer's own record",
    "booking_history.details": "ids, times and amounts",
    "bookings.buffer_before_minutes": "minutes",
    "business_hours": "a business",
    "businesses.address": "a business's own",
    "businesses.email": "a business's own",
    "businesses.phone": "a business's own",
    "businesses.phone_as_typed": "a business's own",
    "idempotency_keys.body": "deleted by subject, address, and ids of visits and records",
    "booking_history.event": "a word of ours",
    "message_texts.body": "a business's own",
    "automations.texts": "a business's own",
    "campaigns.texts": "a business's own",
    "outbox.event": "a word of ours",
    "outbox.payload": "ids, amounts and times by the project's rule",
    "outbox.request_id": "an id",
    "outbox.trace_context": "the ids of a trace",
    "payment_disputes.evidence": "ids, codes, amounts and times",
    "payment_disputes.provider_dispute_id": "the provider's id",
    "payment_disputes.reason": "the provider's code",
    "payment_webhooks.event": "ids, amounts and codes",
    "flag_rollouts.reason": "a word of ours",
    "flag_rollouts.share_before": "a share",
    "outbox.not_before": "a time",
    "payment_transactions.reason": "the provider's code",
    "staff_exceptions.reason": "the roster: the employer's own record",
    "reaccommodations.reason": "a word of ours",
    "review_history.reason": "a word of ours",
    "review_moderations.reason": "a word of ours",
    "review_reports.reason": "a word of ours",
    "reviews.removal_reason": "a word of ours",
    "refunds.failure_reason": "the provider's code",
    "refunds.reason": "a word of ours",
    "user_sessions.end_reason": "the row is deleted",
    "waitlist.end_reason": "the row is deleted",
}
_CONTACT = ("family_name", "given_name", "family_name_kana", "given_name_kana", "email", "phone")
HANDLED = {
    *(f"{one}.{name}" for one in ("waitlist", "customers") for name in _CONTACT),
    *("users.email", "users.email_verified_at", "users.family_name", "users.given_name"),
    *("customers.email_key", "customers.birthday", "waitlist.ip"),
    *("customer_notes.body", "customer_notes.body_encrypted"),
    *("customers.preferences", "customers.tags", "customer_search.body", "customer_search.tokens"),
    *("bookings.family_name", "bookings.given_name", "bookings.email", "bookings.phone", "bookings.ip"),
    *("bookings.special_requests", "bookings.internal_notes", "booking_history.reason"),
    *("notification_outbox.facts", "notification_outbox.failure_reason", "notification_attempts.reason"),
    *("audit_logs.before", "audit_logs.after", "audit_logs.ip", "audit_logs.user_agent"),
    *("user_sessions.ip", "user_sessions.user_agent", "known_devices.device_hash"),
    *("command_texts.body", "channel_addresses.address"),
    *("reviews.body", "review_moderations.note"),
    *("email_verifications.email", "password_resets.email", "staff_invitations.email", "erasures.address"),
}


def test_erasure_covers_every_personal_column_or_says_why_not() -> None:
    columns = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if PERSONAL.search(column.name)
    }
    unknown = {
        name
        for name in columns - HANDLED - set(LEFT_ALONE)
        if not name.startswith(("services.", "resources.", "service_resources.", "business_", "booking_items."))
        and not name.endswith(("_minutes", "_id", "_at"))
    }
    assert unknown == set(), "db/privacy/forgetting.py, and HANDLED here; or LEFT_ALONE with the reason"
    assert columns >= HANDLED
