"""``Idempotency-Key``: once, whatever happens in between; and the same answer, byte for byte."""

import asyncio
import hashlib
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext
from httpx import AsyncClient

from api.access.callers import Access
from api.access.tokens import Login
from api.http.envelope import ok
from api.http.idempotency import (
    HEADER,
    SECRET_FIELDS,
    Key,
    Replay,
    command_id,
    optional_key,
    required_key,
    store_response,
    without_secrets,
)
from db.engine.context import Context, IdempotencyKey
from domain.businesses.permissions import BusinessAction
from domain.errors import NotFound, RequestInProgress, WrongState
from domain.platform.actor import Actor, ActorKind
from domain.roles import Action
from tests.api.access.test_permissions import api_routes, name_of, the_app
from tests.api.business_setup import NAME, create_business, rows
from tests.api.conftest import PREFIX, Person, error_of
from tests.support.servers import Database

BODY = {"name": NAME, "vertical": "salon"}


async def test_same_key_gives_the_same_bytes(owner: Person, database: Database) -> None:
    keyed = {"Idempotency-Key": "first"}
    one = await owner.post("/owner/businesses", json=BODY, headers=keyed)
    two = await owner.post("/owner/businesses", json=BODY, headers=keyed)
    assert one.status_code == two.status_code == 201
    assert one.content == two.content
    assert "idempotent-replayed" not in one.headers
    assert two.headers["idempotent-replayed"] == "true"
    assert two.headers["content-type"] == "application/json"
    assert one.headers["x-request-id"] != two.headers["x-request-id"]
    assert len(await rows(database, "SELECT id FROM businesses")) == 1


async def test_same_key_with_another_request(owner: Person, database: Database) -> None:
    keyed = {"Idempotency-Key": "first"}
    await owner.post("/owner/businesses", json=BODY, headers=keyed)
    other = await owner.post("/owner/businesses", json={**BODY, "vertical": "spa"}, headers=keyed)
    assert error_of(other) == (422, "idempotency_key_reused")
    business = (await owner.get("/owner/businesses")).json()["data"][0]["id"]
    policy = {"business_id": business, "name": {"en": "Free"}, "tiers": []}
    assert error_of(await owner.post("/policies", json=policy, headers=keyed)) == (422, "idempotency_key_reused")


async def test_keys_belong_to_their_sender(owner: Person, other_owner: Person) -> None:
    keyed = {"Idempotency-Key": "first"}
    one = await owner.post("/owner/businesses", json=BODY, headers=keyed)
    two = await other_owner.post("/owner/businesses", json=BODY, headers=keyed)
    assert (one.status_code, two.status_code) == (201, 201)
    assert one.json()["data"]["id"] != two.json()["data"]["id"]


async def test_requests_with_one_key_at_once_make_one_row(owner: Person, database: Database) -> None:
    keyed = {"Idempotency-Key": "first"}
    answers = await asyncio.gather(*(owner.post("/owner/businesses", json=BODY, headers=keyed) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 7
    assert len(await rows(database, "SELECT id FROM businesses")) == 1


async def test_refusal_leaves_the_key_free(owner: Person) -> None:
    keyed = {"Idempotency-Key": "first"}
    bad = await owner.post("/owner/businesses", json={**BODY, "slug": "-"}, headers=keyed)
    assert error_of(bad) == (422, "invalid_input")
    await owner.post("/owner/businesses", json={**BODY, "slug": "taken"})
    taken = await owner.post("/owner/businesses", json={**BODY, "slug": "taken"}, headers=keyed)
    assert error_of(taken) == (409, "already_exists")
    assert (await owner.post("/owner/businesses", json=BODY, headers=keyed)).status_code == 201


async def test_key_is_good_for_a_day(owner: Person, database: Database) -> None:
    keyed = {"Idempotency-Key": "first"}
    await owner.post("/owner/businesses", json=BODY, headers=keyed)
    await rows(database, "UPDATE idempotency_keys SET created_at = now() - interval '25 hours'")
    again = await owner.post("/owner/businesses", json=BODY, headers=keyed)
    assert "idempotent-replayed" not in again.headers
    assert len(await rows(database, "SELECT id FROM businesses")) == 2


async def test_bad_keys(owner: Person) -> None:
    for key in ("", "with space", "x" * 256, "tab\tbed"):
        answer = await owner.post("/owner/businesses", json=BODY, headers={"Idempotency-Key": key})
        assert error_of(answer) == (400, "malformed"), key


async def test_password_cannot_be_guessed_from_the_stored_fingerprint(client: AsyncClient, database: Database) -> None:
    body = b'{"email":"a@example.jp","password":"Sakura-2026","family_name":"A","given_name":"B"}'
    headers = {"Idempotency-Key": "first", "Content-Type": "application/json"}
    one = await client.post(f"{PREFIX}/auth/register", content=body, headers=headers)
    two = await client.post(f"{PREFIX}/auth/register", content=body, headers=headers)
    assert (one.status_code, one.content) == (201, two.content)
    (stored,) = await rows(database, "SELECT subject, fingerprint, body FROM idempotency_keys")
    assert stored["subject"] == "127.0.0.1"
    plain = hashlib.sha256(f"POST {PREFIX}/auth/register?\0".encode() + body).digest()
    assert stored["fingerprint"] != plain
    assert b"Sakura" not in stored["body"]


#: POSTs that take no key, and why.
WITHOUT_KEY = {
    "POST /api/v1/admin/temporal/cookie": "a stored answer would be a stored token",
    "POST /api/v1/admin/temporal/decode": "a question: it changes nothing",
    "POST /api/v1/admin/temporal/encode": "a question: it changes nothing",
    "POST /api/v1/auth/login": "a stored answer would be a stored token",
    "POST /api/v1/auth/refresh": "a stored answer would be a stored token",
    "POST /api/v1/auth/logout": "ending what has ended changes nothing",
    "POST /api/v1/auth/2fa/setup": "a stored answer would be a stored secret",
    "POST /api/v1/auth/2fa/enable": "a stored answer would be stored recovery codes",
    "POST /api/v1/auth/2fa/disable": "what is off cannot be switched off",
    "POST /api/v1/auth/2fa/cancel-reset": "what is cancelled stays cancelled",
    "POST /api/v1/auth/2fa/verify": "a stored answer would be a stored token",
    "POST /api/v1/campaigns/{campaign_id}/{command}": "said twice it is refused or the same: the run decides",
    "POST /api/v1/feature-flags/{flag_id}/rollout/{command}": "said twice it is refused or the same: the run decides",
    "POST /api/v1/auth/export/fetch": "a question: its token is in the body, so that it lands in no log",
    "POST /api/v1/bookings/{booking_id}/cancellation-quote": "a question: it changes nothing",
    "POST /api/v1/bookings/{booking_id}/reschedule-quote": "a question: it changes nothing",
    "POST /api/v1/analytics/exports/{export_id}/link": "a stored answer would be a stored link",
    "POST /api/v1/customers/exports/{archive_id}/link": "a stored answer would be a stored link",
    "POST /api/v1/media/reorder": "the same order twice is the same order",
    "POST /api/v1/media/{media_id}/complete": "said twice it is said once",
    "POST /api/v1/media/{media_id}/restore": "what is there stays there",
    # Owed: a repeat makes a second file, which its owner sees and removes.
    "POST /api/v1/media": "the fingerprint of a key is over the body, and no body of this size is held in memory",
    "POST /api/v1/media/presign": "a stored answer would be a stored form that writes to the storage",
    "POST /api/v1/owner/businesses/{business_id}/documents": "a stored answer would be a stored form, as above",
    "POST /api/v1/owner/businesses/{business_id}/documents/{document_id}/complete": "said twice it is said once",
    "POST /api/v1/payments/webhook/{provider}": "the provider's event id makes it once",
    "POST /api/v1/payments/webhook/{provider}/{account_id}": "as above",
    "POST /api/v1/payments/{payment_id}/disputes/{dispute_id}/submit": "a repeat finds it sent, and is refused",
    "POST /api/v1/admin/reconciliation/{attention_id}/record": "a repeat finds the item resolved",
    "POST /api/v1/notifications/texts/preview": "a question: it changes nothing",
    "POST /api/v1/notifications/{notification_id}/unsubscribe": "what is off stays off",
    "POST /api/v1/notifications/webhook/sendgrid": "applied in any order, any number of times",
    "POST /api/v1/notifications/webhook/twilio": "as above",
    "POST /api/v1/notifications/webhook/line": "who has left stays away",
    "POST /api/v1/notifications/channels/numbers/{address_id}/verify": "what is proven stays proven",
}


def test_posts_all_honour_the_key() -> None:
    without = set()
    for route in api_routes(the_app()):
        keyed = {dependency.call for dependency in flat(route)} & {optional_key, required_key}
        if route.methods == {"POST"} and not keyed:
            without.add(name_of(route))
    assert without == set(WITHOUT_KEY)


def flat(route: RouteContext) -> list[Dependant]:
    """Every dependency of a route, those of its dependencies included."""
    found, waiting = [], list(route.dependant.dependencies)
    while waiting:
        found.append(one := waiting.pop())
        waiting += one.dependencies
    return found


async def test_anothers_key_means_nothing_to_me(owner: Person, other_owner: Person, client: AsyncClient) -> None:
    """Not its answer, not its refusal: a business of one's own comes of it, and an anonymous caller must log in."""
    keyed = {"Idempotency-Key": "shared"}
    mine = await owner.post("/owner/businesses", json=BODY, headers=keyed)
    other = await other_owner.post("/owner/businesses", json={**BODY, "vertical": "spa"}, headers=keyed)
    assert (mine.status_code, other.status_code) == (201, 201)
    assert "idempotent-replayed" not in other.headers
    nobody = await client.post(f"{PREFIX}/owner/businesses", json=BODY, headers=keyed)
    assert error_of(nobody) == (401, "unauthenticated")


# What goes through a workflow: the key is taken before and answered after, in transactions of their own.


def access_of(app: FastAPI, person: Person, action: Action = BusinessAction.UPDATE) -> Access:
    context = Context(Actor(ActorKind.CUSTOMER, person.id), "req-1", "127.0.0.1", None)
    return Access(
        app.state.services.database, Login(person.id, False), "127.0.0.1", context, action, "business", public=False
    )


async def test_command_is_answered_once(app: FastAPI, owner: Person) -> None:
    business = UUID((await create_business(owner))["id"])
    key = Key("first", b"print")
    async with access_of(app, owner).command(business, key) as command:
        assert command.actor == Actor(ActorKind.STAFF, owner.id)
        # While it is on its way, a request with the same key learns that, and the database is free.
        with pytest.raises(RequestInProgress):
            async with access_of(app, owner).command(business, key):
                pass
        async with command.finish() as work:
            answer = await store_response(work, ok({"done": True}), command.idempotency_key)
    with pytest.raises(Replay) as again:
        async with access_of(app, owner).command(business, key):
            pass
    assert again.value.stored_response.body == answer.body


async def test_refused_command_may_be_sent_again(app: FastAPI, owner: Person) -> None:
    business = UUID((await create_business(owner))["id"])
    key = Key("first", b"print")

    async def refused() -> str:
        try:
            async with access_of(app, owner).command(business, key) as command:
                raise WrongState
        except WrongState:
            return command.id

    assert await refused() == await refused()


async def test_key_lets_the_same_command_go_on_after_a_crash(app: FastAPI, owner: Person, database: Database) -> None:
    """The process died between taking the key and storing the answer."""
    business = UUID((await create_business(owner))["id"])
    key = Key("first", b"print")
    crashed = access_of(app, owner)
    async with crashed.work(business, key) as work:
        first = command_id(crashed.idempotency_key(key))
        assert work.stored_response is None
    with pytest.raises(RequestInProgress):
        async with access_of(app, owner).command(business, key):
            pass
    await rows(database, "UPDATE idempotency_keys SET locked_until = now() - $1::interval", timedelta(seconds=1))
    async with access_of(app, owner).command(business, key) as command:
        assert command.id == first


async def test_command_asks_for_permission(app: FastAPI, owner: Person, other_owner: Person) -> None:
    business = UUID((await create_business(owner))["id"])
    with pytest.raises(NotFound):
        async with access_of(app, other_owner).command(business, Key("first", b"print")):
            pass


def test_command_ids() -> None:
    key = IdempotencyKey("me", "key", b"print")
    assert command_id(key) == command_id(IdempotencyKey("me", "key", b"print"))
    others = [
        IdempotencyKey("you", "key", b"print"),
        IdempotencyKey("me", "key2", b"print"),
        IdempotencyKey("me", "key", b"other"),
    ]
    assert len({command_id(one) for one in (key, *others)}) == 4
    assert command_id(None) != command_id(None)


#: Names that open something, or look like it.
SUSPECT = re.compile(r"(^|_)(url|token|secret|password|otpauth\w*)$|recovery_codes")
#: Suspect fields of stored answers that hold no secret, and why.
HARMLESS: dict[str, str] = {
    "webhook_url": "the platform's own address for the webhooks of an account: events need the account's secret",
}


def answers_of_keyed_requests(app: FastAPI) -> tuple[dict[str, Any], dict[str, Any]]:
    """The schema of every answer that is stored for a key, by operation; and the schemas that these refer to."""
    document = app.openapi()
    found = {
        f"{method} {path} {status}": answer["content"]["application/json"]["schema"]
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if any(one.get("name") == HEADER for one in operation.get("parameters", ()))
        for status, answer in operation["responses"].items()
        if status.startswith("2")
    }
    return found, document["components"]["schemas"]


def test_suspect_fields_of_stored_answers_are_declared(app: FastAPI) -> None:
    answers, schemas = answers_of_keyed_requests(app)
    found = set().union(*(_names(schema, schemas, set()) for schema in answers.values()))
    assert {name for name in found if SUSPECT.search(name)} == SECRET_FIELDS | set(HARMLESS)


def test_stored_answers_hold_no_declared_secret(app: FastAPI) -> None:
    """At whatever depth: an example of each answer goes through what is stored."""
    answers, schemas = answers_of_keyed_requests(app)
    assert len(answers) > 40
    seen = b""
    for name, schema in answers.items():
        example = orjson.dumps(_example(schema, schemas))
        seen += example
        assert b"the-secret" not in without_secrets(example), name
    assert [name for name in SECRET_FIELDS if f'"{name}":"the-secret"'.encode() not in seen] == []
    deep = orjson.dumps({"data": [{"of": {name: "the-secret"}} for name in SECRET_FIELDS]})
    assert b"the-secret" not in without_secrets(deep)


def _example(schema: dict[str, Any], schemas: dict[str, Any], field: str = "", depth: int = 0) -> Any:
    """A value of this form, ``the-secret`` for every declared secret."""
    if field in SECRET_FIELDS:
        return "the-secret"
    if depth > 12:
        return None
    if "$ref" in schema:
        return _example(schemas[schema["$ref"].rpartition("/")[2]], schemas, field, depth + 1)
    if "properties" in schema:
        return {name: _example(one, schemas, name, depth + 1) for name, one in schema["properties"].items()}
    if "items" in schema:
        return [_example(schema["items"], schemas, field, depth + 1)]
    choices = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf") or ()
    return next((_example(one, schemas, field, depth + 1) for one in choices), None)


def _names(node: object, schemas: dict[str, Any], seen: set[str]) -> set[str]:
    """The property names of every schema that can be reached from ``node``."""
    if isinstance(node, list):
        return set().union(*(_names(one, schemas, seen) for one in node))
    if not isinstance(node, dict):
        return set()
    found = set(node.get("properties", ()))
    name = str(node.get("$ref", "")).rpartition("/")[2]
    if name and name not in seen:
        seen.add(name)
        found |= _names(schemas[name], schemas, seen)
    return found.union(*(_names(one, schemas, seen) for one in node.values()))
