"""A person whose traces differ from all others, in two businesses and everywhere that a person leaves any."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO
from uuid import UUID, uuid4

import asyncpg

from db.engine.session import Database as Pool
from db.messages.tables import Notice, NoticeAttempt
from providers.storage.interface import ObjectMissing
from tests.api.conftest import Login, Person
from tests.support import data
from tests.support.reviews import add_review
from tests.support.servers import Database
from tests.support.waitlist import add_offer

EMAIL = "Kisaragi.Ayumi@private.example"
TRACES = {
    "email": EMAIL,
    "family_name": "如月",
    "given_name": "歩美子",
    "family_name_kana": "キサラギ",
    "given_name_kana": "アユミコ",
    "phone": "+819087650099",
    "special_requests": "卵アレルギーがあります",
    "internal_notes": "お得意様のご家族",
    "reason": "入院のため伺えません",
    "device": "KisaragiPhone 9",
    "ip": "198.51.100.77",
    "bounce": "550 no such user kisaragi.ayumi",
    "guest_phone": "+819011112233",
    "review": "娘の誕生日に伺いました",
    "nickname": "あゆぴょん",
}


@dataclass
class Shelf:
    """A storage in memory."""

    objects: dict[str, bytes] = field(default_factory=dict)
    name: str = "shelf"

    async def put(self, key: str, body: bytes | BinaryIO, content_type: str) -> None:
        assert isinstance(body, bytes)
        self.objects[key] = body

    async def read(self, key: str, most: int) -> bytes:
        if key not in self.objects:
            raise ObjectMissing("not_found")
        return self.objects[key]

    async def delete(self, key: str) -> None:
        self.objects.pop(key, None)


@dataclass
class Ayumi:
    """The person, the salons that know her, her bookings there, and a record that she left as a guest."""

    login: Person
    salons: list[data.Salon]
    bookings: list[UUID]
    records: list[UUID]


async def plant(log_in: Login, pool: Pool, database: Database) -> Ayumi:
    """Leave traces in every table that takes some."""
    login = await log_in(EMAIL)
    await data.rows(
        pool,
        "UPDATE users SET family_name = :f, given_name = :g, email_verified_at = now() WHERE id = :id",
        f=TRACES["family_name"],
        g=TRACES["given_name"],
        id=login.id,
    )
    salons = [await data.add_salon(pool), await data.add_salon(pool)]
    known = {name: TRACES[name] for name in ("family_name", "given_name", "family_name_kana", "given_name_kana")}
    bookings, records = [], []
    for salon in salons:
        record = await data.add_customer(
            pool, salon.business_id, user_id=login.id, email=EMAIL, phone=TRACES["phone"], **known
        )
        records.append(record)
        of_hers = data.Salon(
            salon.business_id, salon.owner_id, salon.resources, salon.service_id, salon.policy_id, record, login.id
        )
        bookings.append(await _visit(pool, of_hers))
    guest = {"email": EMAIL.lower(), "phone": TRACES["guest_phone"], **known}
    records.append(await data.add_customer(pool, salons[1].business_id, **guest))
    for salon, user in ((salons[0], login.id), (salons[1], None)):
        await _wait(pool, salon, user)
    await data.rows(
        pool,
        "INSERT INTO calendar_feeds (business_id, user_id, token_hash) VALUES (:business, :user, '\\x00')",
        business=salons[0].business_id,
        user=login.id,
    )
    await _login_traces(pool, login.id)
    await _stored_answers(database, login.id)
    return Ayumi(login, salons, bookings, records)


async def _visit(pool: Pool, salon: data.Salon) -> UUID:
    """A cancelled visit of the past, with words by her and about her, and the messages about it."""
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=40)
    words = {name: TRACES[name] for name in ("special_requests", "internal_notes")}
    booking = await data.add_booking(pool, salon, start, status="cancelled", **words)
    await add_review(pool, salon, booking, body=TRACES["review"], display_name=TRACES["nickname"])
    payment = await data.add_payment(pool, salon, booking, status="captured")
    assert payment
    await data.rows(
        pool,
        """INSERT INTO booking_history (business_id, booking_id, event, from_status, to_status, actor_kind, actor_id,
                                        reason)
           VALUES (:business, :booking, 'cancelled', 'confirmed', 'cancelled', 'customer', :user, :reason)""",
        business=salon.business_id,
        booking=booking,
        user=salon.user_id,
        reason=TRACES["reason"],
    )
    await data.rows(
        pool,
        """INSERT INTO command_texts (business_id, command_id, booking_id, body)
           VALUES (:business, 'never executed', :booking, :reason)""",
        business=salon.business_id,
        booking=booking,
        reason=TRACES["reason"],
    )
    notice = await data.add(
        pool,
        Notice,
        business_id=salon.business_id,
        booking_id=booking,
        user_id=salon.user_id,
        customer_id=salon.customer_id,
        kind="booking_cancelled",
        dedupe_key=uuid4().hex,
        status="failed",
        failure_reason=TRACES["bounce"],
    )
    await data.add(
        pool, NoticeAttempt, business_id=salon.business_id, notice_id=notice, outcome="refused", reason=TRACES["bounce"]
    )
    return booking


async def _wait(pool: Pool, salon: data.Salon, user_id: UUID | None) -> None:
    """An entry of the waitlist, of the login or of a guest with its address, and the time that is offered for it."""
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    who = {name: TRACES[name] for name in ("family_name", "given_name", "phone")}
    await add_offer(pool, salon, start, start - timedelta(days=1), user_id=user_id, email=EMAIL, **who)


async def _login_traces(pool: Pool, user_id: UUID) -> None:
    device = {"device": TRACES["device"], "ip": TRACES["ip"]}
    await data.add(
        pool,
        Notice,
        user_id=user_id,
        audience="user",
        kind="new_device",
        dedupe_key=uuid4().hex,
        status="sent",
        facts=device,
    )
    values: dict[str, Any] = {"id": user_id, "ua": TRACES["device"], "ip": TRACES["ip"], "email": EMAIL}
    for statement in (
        "UPDATE user_sessions SET user_agent = :ua, ip = CAST(:ip AS inet) WHERE user_id = :id",
        """INSERT INTO user_sessions (user_id, user_agent, ip, last_used_at, expires_at)
           VALUES (:id, :ua, CAST(:ip AS inet), now(), now())""",
        """INSERT INTO email_verifications (user_id, email, token_hash, kid, expires_at)
           VALUES (:id, :email, '', 'k1', now())""",
        """INSERT INTO password_resets (user_id, email, token_hash, kid, expires_at)
           VALUES (:id, :email, '', 'k1', now())""",
        """INSERT INTO staff_invitations (business_id, email, role, language, invited_by, expires_at)
           SELECT id, :email, 'staff', 'ja', owner_id, now() FROM businesses LIMIT 1""",
    ):
        used = {name: value for name, value in values.items() if f":{name}" in statement}
        await data.rows(pool, statement, **used)


async def _stored_answers(database: Database, user_id: UUID) -> None:
    connection = await asyncpg.connect(database.superuser_url, ssl=False)
    body = json.dumps({"data": {"email": EMAIL, "name": TRACES["family_name"]}}, ensure_ascii=False).encode()
    try:
        for subject in (str(user_id), "198.51.100.7"):
            await connection.execute(
                """INSERT INTO idempotency_keys (subject, key, fingerprint, status_code, body)
                   VALUES ($1, 'k', '', 200, $2)""",
                subject,
                body,
            )
        # As the API would have written them: by her, from her address.
        await connection.execute(
            """INSERT INTO audit_logs (entity, entity_id, action, after, actor_kind, actor_id, ip, user_agent)
               VALUES ('users', $1, 'update', $2, 'customer', $3, $4, $5)""",
            str(user_id),
            json.dumps({"email": EMAIL}),
            user_id,
            TRACES["ip"],
            TRACES["device"],
        )
    finally:
        await connection.close()


async def dump(database: Database) -> str:
    """Every row of every table as text, the words inside bytes included."""
    connection = await asyncpg.connect(database.superuser_url, ssl=False)
    try:
        tables = await connection.fetch(
            """SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = 'public' AND c.relkind = 'r'"""
        )
        lines = []
        for table in tables:
            name = table["relname"]
            lines += [f"{name}: {row[0]}" for row in await connection.fetch(f'SELECT t::text FROM "{name}" t')]
    finally:
        await connection.close()
    return "\n".join(lines)


def traces_in(whole: str) -> dict[str, list[str]]:
    """Which traces are where, as they were typed or otherwise written."""
    found: dict[str, list[str]] = {}
    for line in whole.splitlines():
        for name, trace in TRACES.items():
            hexed = trace.encode().hex()
            if trace.lower() in line.lower() or hexed in line.lower():
                found.setdefault(name, []).append(line.partition(":")[0])
    return {name: sorted(set(tables)) for name, tables in found.items()}
