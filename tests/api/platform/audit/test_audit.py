"""Who may read which part of the audit trail, and that each filter finds what it says."""

import ast
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from api.http.envelope import Envelope, ListEnvelope
from api.http.paging import encode_cursor
from api.v1.platform.audit.schemas import AuditRead
from db.engine.session import Database as Pool
from db.engine.session import Scope
from db.platform.audit_trail import AuditFilter
from domain.platform.audit_readers import OPERATORS_COLUMNS, OPERATORS_TABLES
from tests.api.business_setup import assign, create_business, create_service, rows
from tests.api.conftest import PASSWORD, Login, Person, Statements, error_of
from tests.support import data
from tests.support.servers import Database

ROOT = Path(__file__).parents[4]


@pytest_asyncio.fixture
async def admin(log_in: Login, database: Database) -> AsyncIterator[Person]:
    person = await log_in()
    await make_admin(person, database)
    yield person


async def make_admin(person: Person, database: Database) -> None:
    await rows(database, "UPDATE users SET platform_role = 'admin' WHERE id = $1", person.id)
    # The role is in the token: the next login has it.
    answer = await person.post("/auth/login", json={"email": person.email, "password": PASSWORD})
    person.http.headers["Authorization"] = f"Bearer {answer.json()['data']['access_token']}"


@pytest_asyncio.fixture
async def business(owner: Person) -> str:
    return str((await create_business(owner))["id"])


async def listed(person: Person, path: str = "/audit", **params: Any) -> list[dict[str, Any]]:
    answer = await person.get(path, params=params)
    assert answer.status_code == 200, answer.text
    ListEnvelope[AuditRead].model_validate_json(answer.content, extra="forbid")
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def test_owner_reads_who_changed_what(owner: Person, business: str) -> None:
    service = await create_service(owner, business)
    price = {"price": {"amount": 6600, "currency": "JPY"}}
    headers = {"User-Agent": "OmotenashiApp/3.1", "X-Request-ID": "req_of_mine"}
    changed = await owner.put(f"/owner/services/{service['id']}", json=price, headers=headers)
    assert changed.status_code == 200, changed.text
    (entry,) = await listed(owner, business_id=business, entity="services", action="update")
    assert entry["before"] == {"price": 5500}
    assert entry["after"] == {"price": 6600}
    assert entry["entity_id"] == service["id"]
    assert (entry["actor_kind"], entry["actor_id"]) == ("staff", str(owner.id))
    assert entry["request_id"] == changed.headers["x-request-id"]
    assert (entry["ip"], entry["user_agent"]) == ("127.0.0.1", "OmotenashiApp/3.1")
    one = await owner.get(f"/audit/{entry['id']}")
    Envelope[AuditRead].model_validate_json(one.content, extra="forbid")
    assert one.json()["data"] == entry
    of_service = await listed(owner, f"/audit/entity/services/{service['id']}")
    assert [each["action"] for each in of_service] == ["update", "insert"]


async def test_audit_trail_is_hidden_from_others(
    owner: Person, other_owner: Person, customer: Person, business: str, database: Database, log_in: Login
) -> None:
    await create_business(other_owner)
    (entry, *_) = await listed(owner, business_id=business)
    paths = (f"/audit?business_id={business}", f"/audit/{entry['id']}", f"/audit/entity/businesses/{business}")
    for other_person in (other_owner, customer):
        for path in paths:
            assert error_of(await other_person.get(path)) == (404, "not_found"), path
        assert error_of(await other_person.get("/audit")) == (422, "invalid_input")
    manager = await log_in()
    await assign(database, UUID(business), manager, "manager")
    assert error_of(await manager.get(paths[0])) == (403, "forbidden")
    for path in paths[1:]:
        assert error_of(await manager.get(path)) == (404, "not_found"), path


async def test_admin_reads_all(
    owner: Person, other_owner: Person, admin: Person, business: str, log_in_over_http: Login
) -> None:
    other = str((await create_business(other_owner))["id"])
    assert {business, other} <= {entry["business_id"] for entry in await listed(admin, limit=100)}
    assert {entry["business_id"] for entry in await listed(admin, business_id=other)} == {other}
    registered = await log_in_over_http()
    (login,) = await listed(admin, f"/audit/entity/users/{registered.id}")
    assert login["after"]["password_hash"] == "***"
    assert login["actor_kind"] == "guest"


async def test_audit_filters_find_what_they_say(owner: Person, admin: Person, business: str) -> None:
    first = await create_service(owner, business)
    await create_service(owner, business)
    everything = await listed(admin, limit=100)
    sample = next(entry for entry in everything if entry["entity_id"] == first["id"])
    for name in ("business_id", "entity", "entity_id", "actor_id", "action", "request_id"):
        wanted = [entry["id"] for entry in everything if entry[name] == sample[name]]
        assert 0 < len(wanted) < len(everything), name
        assert [entry["id"] for entry in await listed(admin, limit=100, **{name: sample[name]})] == wanted, name
    at = datetime.fromisoformat(sample["at"])
    later = [entry["id"] for entry in everything if datetime.fromisoformat(entry["at"]) >= at]
    assert [entry["id"] for entry in await listed(admin, limit=100, **{"from": at.isoformat()})] == later
    earlier = [entry["id"] for entry in everything if entry["id"] not in later]
    assert [entry["id"] for entry in await listed(admin, limit=100, to=at.isoformat())] == earlier
    assert later
    assert earlier


async def test_pages_follow_each_other(owner: Person, business: str) -> None:
    for _ in range(3):
        await create_service(owner, business)
    whole = [entry["id"] for entry in await listed(owner, business_id=business, limit=100)]
    found, cursor = [], None
    while True:
        params = {"business_id": business, "limit": 2} | ({"cursor": cursor} if cursor else {})
        answer = await owner.get("/audit", params=params)
        found += [entry["id"] for entry in answer.json()["data"]]
        if (cursor := answer.json()["meta"]["next_cursor"]) is None:
            break
    assert found == whole
    assert len(whole) > 4


@pytest.mark.parametrize("key", [("2026-11-21T00:00:00", "1"), ("x", "1"), ("2026-11-21T00:00:00Z", str(2**63))])
async def test_cursor_of_ones_own_making(owner: Person, business: str, key: tuple[str, str]) -> None:
    answer = await owner.get("/audit", params={"business_id": business, "cursor": encode_cursor(*key)})
    assert error_of(answer) == (400, "malformed")


@pytest.mark.parametrize("path", ["/audit/0", f"/audit/{2**63}", "/audit/x", "/audit?from=2026-11-21T00:00:00"])
async def test_bad_questions(owner: Person, path: str) -> None:
    assert error_of(await owner.get(path)) == (422, "invalid_input")


async def test_page_is_one_statement_and_one_to_begin(owner: Person, business: str, statements: Statements) -> None:
    statements.clear()
    entries = await listed(owner, business_id=business)
    assert len(statements) == 2
    statements.clear()
    await owner.get(f"/audit/{entries[0]['id']}")
    await listed(owner, f"/audit/entity/businesses/{business}")
    assert len(statements) == 4


HUNDRED_THOUSAND = """
    INSERT INTO audit_logs (at, business_id, entity, entity_id, action, after, actor_kind, actor_id, request_id)
    SELECT date_trunc('month', now()) + g * interval '1 second', CASE g % 50 WHEN 0 THEN :b ELSE gen_random_uuid() END,
           'bookings', 'e' || g % 20000, 'update', '{}', 'staff', CASE g % 50 WHEN 0 THEN :a ELSE gen_random_uuid() END,
           'req_' || g FROM generate_series(1, 100000) g
"""


async def test_audit_filters_read_no_whole_month(database: Database, pool: Pool, owner: Person, business: str) -> None:
    """At 100 000 entries, by Postgres' own word, as the application's role; and months that are not asked for are
    not opened."""
    engine = create_async_engine(database.superuser_url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.begin() as connection:
        await connection.execute(text(HUNDRED_THOUSAND), {"b": UUID(business), "a": owner.id})
    async with engine.connect() as connection:
        await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(text("ANALYZE audit_logs"))
    await engine.dispose()
    month = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    inside = {"since": month, "until": month + timedelta(days=20)}
    tenant, own, all_ = Scope.tenant(UUID(business)), Scope.self_(owner.id), Scope.platform()
    asked = [
        (tenant, {"business_id": UUID(business)}),
        (tenant, {"business_id": UUID(business), **inside}),
        (tenant, {"business_id": UUID(business), "action": "delete"}),
        (own, {"entity": "bookings", "entity_id": "e7"}),
        (all_, {}),
        (all_, inside),
        (all_, {"actor_id": owner.id}),
        (all_, {"request_id": "req_77"}),
        (all_, {"entity": "bookings", "entity_id": "e7"}),
    ]
    for scope, values in asked:
        plan = await plan_of(pool, scope, values)
        assert f"Seq Scan on audit_logs_{month:%Y_%m}" not in plan, (values, plan)
        if "since" in values:
            assert f"audit_logs_{month:%Y_%m}" in plan
            following = (month + timedelta(days=40)).strftime("%Y_%m")
            assert f"audit_logs_{following}" not in plan, plan


async def plan_of(pool: Pool, scope: Scope, values: dict[str, Any]) -> str:
    """What Postgres would do for the store's own statement."""
    async with pool.unit_of_work(scope) as work:
        seen: list[Any] = []
        execute = work.session.execute

        async def explain(statement: Any, parameters: Any) -> Any:
            seen.append(await execute(text(f"EXPLAIN {statement}"), parameters))
            return await execute(statement, parameters)

        work.session.execute = explain  # type: ignore[method-assign,assignment]
        await work.platform.audit_trail.list_(AuditFilter(**values), None, 21)
        return "\n".join(seen[0].scalars())


async def test_unknown_entries(owner: Person, admin: Person) -> None:
    for person in (owner, admin):
        assert error_of(await person.get("/audit/999999999")) == (404, "not_found")
        assert error_of(await person.get(f"/audit/entity/bookings/{uuid4()}")) == (404, "not_found")


async def test_owner_reads_nothing_of_the_operators(
    owner: Person, admin: Person, business: str, database: Database
) -> None:
    [review] = await rows(
        database, "INSERT INTO business_verifications (business_id) VALUES ($1) RETURNING id", UUID(business)
    )
    [matter] = await rows(
        database,
        "INSERT INTO attention (business_id, kind, dedupe_key) VALUES ($1, 'rebook', 'one') RETURNING id",
        UUID(business),
    )
    agent = {"User-Agent": "OperatorsDesk/1"}
    noted = await admin.put(f"/admin/verifications/{review['id']}", json={"note": "looks forged"}, headers=agent)
    assert noted.status_code == 200, noted.text
    settled = await admin.post(
        f"/admin/attention/{matter['id']}/resolve", json={"note": "owner lied on the phone"}, headers=agent
    )
    assert settled.status_code == 200, settled.text
    for whole, reader in ((True, admin), (False, owner)):
        entries = await listed(reader, business_id=business, limit=100)
        text_of = str(entries)
        for secret in ("looks forged", "owner lied", "OperatorsDesk/1"):
            assert (secret in text_of) is whole, secret
        assert ("attention" in {entry["entity"] for entry in entries}) is whole
    [of_review] = [one for one in await listed(owner, business_id=business, limit=100) if one["actor_kind"] == "admin"]
    assert (of_review["entity"], of_review["ip"], of_review["after"]) == ("business_verifications", None, {})
    [of_matter, *_] = await listed(admin, business_id=business, entity="attention")
    assert error_of(await owner.get(f"/audit/{of_matter['id']}")) == (404, "not_found")
    assert error_of(await owner.get(f"/audit/entity/attention/{matter['id']}")) == (404, "not_found")


#: Audited columns that stand in no answer under their name, and why an owner may read them in the trail.
OWNERS_OWN = {
    **dict.fromkeys(("opens", "closes", "weekday"), "hours, shown as ranges"),
    **dict.fromkeys(("has_public_holiday_row", "calendar_version"), "derived from the business's own hours"),
    **dict.fromkeys(("latitude", "longitude"), "shown as a place"),
    **dict.fromkeys(
        ("header", "digest", "started_by", "linked_at", "requested_by"), "the business's own files, in and out"
    ),
    "merged_into": "shown as the merges of the record that was kept",
    **dict.fromkeys(("owner_id", "invited_by", "accepted_at", "withdrawn_at"), "who works there, and since when"),
    **dict.fromkeys(
        ("cancelled_by", "cancellation_penalty", "preferred_resource_ids", "contact_proven_at", "undo_to"),
        "the booking's course",
    ),
    "card_due_cancels": "what the message about another card says happens at `card_due`",
    "checkout_order": "with which terms the page of a payment was opened; the way back by its digest",
    "voucher_ordered_at": "since when the booking counts as one with a voucher",
    "is_provisional": "shown as `provisional`",
    "overbooked_by": "who of the business's team took a time that was not free",
    **dict.fromkeys(("family_name_kana", "given_name_kana"), "the business's own record of its customer"),
    **dict.fromkeys(
        (
            "account_id",
            "authorized_until",
            "awaits_capture",
            "capture_method",
            "closed_at",
            "replaces",
            "payment_provider",
        ),
        "the business's own money",
    ),
    **dict.fromkeys(("provider_intent_id", "provider_refund_id", "checkout_id", "command_id", "number"), "ids"),
    **dict.fromkeys(("due_said_at", "fee_said_at", "evidence_sent_by"), "the course of the business's dispute"),
    **dict.fromkeys(("created_by", "cursor"), "who wrote the business's campaign, and how far it is"),
    "remind_at": "the offer's course",
    "review_id": "a review of the business, shown as `id`",
    **dict.fromkeys(("asked_at", "asked_by"), "a request for moderation; a reader who reports is not named"),
    "outcome": "how the request ended; the review's status is shown",
}


def _operators_fields() -> set[str]:
    """Fields of answers that are null for everybody but operators."""
    found = set()
    for path in (ROOT / "api" / "v1").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and ast.unparse(node.value).endswith(" if to_operator else None"):
                found.add(str(node.arg))
    return found


async def test_audit_trail_hides_from_owners_every_column_that_answers_hide(app: FastAPI, pool: Pool) -> None:
    """A new column of an audited table is shown to owners by an answer, hidden in the trail, or listed above."""
    hidden = {column for columns in OPERATORS_COLUMNS.values() for column in columns}
    assert _operators_fields() == {"note"}
    assert hidden >= _operators_fields()
    shown = {
        field for schema in app.openapi()["components"]["schemas"].values() for field in schema.get("properties", {})
    }
    audited = await data.rows(
        pool,
        """SELECT c.relname AS entity, a.attname AS name FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
             JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
            WHERE p.proname = 'audit_change' AND NOT a.attisdropped""",
    )
    columns = {(row["entity"], row["name"]) for row in audited if row["entity"] not in OPERATORS_TABLES}
    assert {entity for entity, _ in columns} >= set(OPERATORS_COLUMNS)
    unknown = []
    for entity, name in sorted(columns):
        masked = name.endswith(("_hash", "_secret", "_token", "_encrypted"))
        known = name in shown or name in OWNERS_OWN or name in OPERATORS_COLUMNS.get(entity, ()) or masked
        if not known:
            unknown.append(f"{entity}.{name}")
    assert not unknown, f"who reads them? {unknown}"
