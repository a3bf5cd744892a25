"""Whole lives of bookings: HTTP to Postgres to the relay, workflows, workers, the provider, its webhooks, and back.

Everything is real but the provider, which is the sandbox over real HTTP.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import pytest
import pytest_asyncio

from api.app import create_app
from db.engine.session import Database as Pool
from db.engine.session import Scope, connect
from runtime import temporal
from stack.seed import approve_without_review
from tests.e2e.platform import running_platform
from tests.e2e.serving import serving
from tests.e2e.strict import check_answer
from tests.support import data, servers
from tests.support.sandbox import Sandbox, running_sandbox

TOKYO = ZoneInfo("Asia/Tokyo")
PASSWORD = "Sakura-2026"
ALL_DAY = [{"opens": "00:00", "closes": "24:00"}]
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass
class Running:
    """A running platform. ``url`` is the API's."""

    url: str
    pool: Pool
    sandbox: Sandbox


@pytest_asyncio.fixture
async def world(database: servers.Database, temporal_server: str, tmp_path: Path) -> AsyncIterator[Running]:
    """The platform of these tests."""
    async with running_world(database, temporal_server, tmp_path) as world:
        yield world


@asynccontextmanager
async def running_world(database: servers.Database, temporal_server: str, tmp_path: Path) -> AsyncIterator[Running]:
    """API, workers, relay and sandbox; the sandbox's webhooks go to the API."""
    with running_sandbox(tmp_path, "--webhook-pause", "0.1") as sandbox:
        settings = sandbox.settings(
            **database.settings(temporal_address=temporal_server).model_dump(
                include={"environment", "database_url", "database_owner_url", "temporal_address", *servers.PATIENT}
            )
        )
        client = await temporal.connect(settings, process="test")
        pool = connect(settings)
        app = create_app(settings, database=pool, temporal=client, password_rounds=4)
        try:
            async with serving(app) as url, running_platform(settings, client):
                api = url + "/api/v1"
                sandbox.target(
                    stripe=api + "/payments/webhook/stripe",
                    payjp=api + "/payments/webhook/payjp",
                    sendgrid=api + "/notifications/webhook/sendgrid",
                )
                yield Running(api, pool, sandbox)
                sandbox.target(stripe=None, payjp=None, sendgrid=None)
        finally:
            await pool.close()


class Person:
    """Somebody with a login, over a real socket."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self._keys = 0

    async def ask(self, method: str, path: str, body: Any = None, expect: int = 200, **params: Any) -> Any:
        """The data of the answer, which is as the OpenAPI document says."""
        self._keys += 1
        headers = {"Idempotency-Key": f"{id(self)}-{self._keys}"} if method == "POST" else {}
        answer = await self.http.request(method, path, json=body, headers=headers, params=params)
        assert answer.status_code == expect, f"{method} {path}: {answer.status_code} {answer.text}"
        check_answer(method, path, answer.status_code, answer.json())
        return answer.json()["data"] if expect < 400 else answer.json()["error"]

    async def until(self, path: str, good: Callable[[Any], bool], seconds: float = 20) -> Any:
        """Ask until it is good."""
        seen: Any = None
        try:
            async with asyncio.timeout(seconds):
                while not good(seen := await self.ask("GET", path)):  # noqa: ASYNC110  (a server changes it)
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"{path} stayed at {seen}") from None
        return seen


@pytest_asyncio.fixture
async def log_in(world: Running) -> AsyncIterator[Callable[[str], Awaitable[Person]]]:
    """Registers and logs in."""
    opened: list[httpx.AsyncClient] = []

    async def log_in(email: str) -> Person:
        http = httpx.AsyncClient(base_url=world.url, trust_env=False, timeout=20)
        opened.append(http)
        person = Person(http)
        who = {"email": email, "password": PASSWORD}
        await person.ask("POST", "/auth/register", {**who, "family_name": "山田", "given_name": "花子"}, expect=201)
        token = (await person.ask("POST", "/auth/login", who))["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        return person

    yield log_in
    for http in opened:
        await http.aclose()


async def open_salon(world: Running, owner: Person) -> tuple[str, str]:
    """Ids of an approved business, open day and night, and of its prepaid service by one staff member."""
    name = {"ja": "サロン花", "en": "Salon Hana"}
    business = (await owner.ask("POST", "/owner/businesses", {"name": name, "vertical": "salon"}, expect=201))["id"]
    await owner.ask("PUT", f"/owner/businesses/{business}/hours", {"weekly": dict.fromkeys(WEEK, ALL_DAY)})
    staff = {"business_id": business, "kind": "staff", "name": {"ja": "佐藤"}}
    stylist = (await owner.ask("POST", "/owner/resources", staff, expect=201))["id"]
    service = {
        "business_id": business,
        "name": {"ja": "カット", "en": "Cut"},
        "price": {"amount": 6600, "currency": "JPY"},
        "duration_minutes": 60,
        "payment_mode": "prepay",
        "requirements": [{"group": 0, "resource_ids": [stylist]}],
    }
    made = (await owner.ask("POST", "/owner/services", service, expect=201))["id"]
    tiers = [{"hours_before": 48, "penalty_percent": 0}, {"hours_before": 0, "penalty_percent": 50}]
    policy = {"business_id": business, "name": {"ja": "標準"}, "tiers": tiers, "no_show_percent": 100}
    await owner.ask("POST", "/policies", {**policy, "is_default": True}, expect=201)
    async with world.pool.unit_of_work(Scope.platform()) as work:
        await approve_without_review(work, UUID(business))
    # No time to undo: the notice of a completed visit leaves at once.
    await data.rows(world.pool, "UPDATE business_settings SET lead_time = interval '0', undo_within = interval '0'")
    return business, made


async def free_start(person: Person, service: str, after: datetime) -> str:
    """The first start that is offered after a moment."""
    days = [(after.astimezone(TOKYO) + timedelta(days=more)).date().isoformat() for more in (0, 1)]
    starts = await person.ask("GET", "/availability", **{"service_id": service, "from": days[0], "to": days[1]})
    return next(row["start_at"] for row in starts["starts"] if datetime.fromisoformat(row["start_at"]) > after)


async def hold(person: Person, service: str, after: datetime) -> str:
    """A booking that waits for its money."""
    start = await free_start(person, service, after)
    booking = await person.ask("POST", "/bookings", {"service_id": service, "start_at": start}, expect=201)
    assert (booking["status"], booking["start_at"]) == ("pending", start)
    return str(booking["id"])


async def pay(person: Person, booking: str, card: str, expect: int = 200) -> Any:
    """Open the payment and confirm it."""
    payment = await person.ask("POST", "/payments/intent", {"booking_id": booking}, expect=201)
    assert bool(payment["client_secret"]) is (payment["provider"] != "payjp_v1")
    body = {"payment_id": payment["payment_id"], "payment_method": card, "return_url": "http://127.0.0.1/paid"}
    return {"payment": payment["payment_id"], "said": await person.ask("POST", "/payments/confirm", body, expect)}


async def authenticate(world: Running, action_url: str) -> None:
    """The customer answers the bank's question with yes, if it asks one, and comes back."""
    page = await asyncio.to_thread(world.sandbox.http.get, action_url)
    if not page.is_redirect:
        button = page.text.partition('action="')[2].partition('/authorize"')[0]
        page = await asyncio.to_thread(world.sandbox.http.post, f"{world.sandbox.url}{button}/authorize")
    assert page.headers["location"].startswith("http://127.0.0.1/paid")


async def stripe_has_said_so_too(world: Running) -> None:
    """Its webhook came and was applied, beside our own event of the confirmation."""
    applied = "event_type = 'payment_intent.succeeded' AND applied_at IS NOT NULL"
    async with asyncio.timeout(20):
        while not await data.rows(world.pool, f"SELECT 1 FROM payment_webhooks WHERE {applied}"):  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def test_booking_runs_from_registration_to_completion(
    world: Running, log_in: Callable[[str], Awaitable[Person]]
) -> None:
    owner, customer = await log_in("owner@example.jp"), await log_in("customer@example.jp")
    business, service = await open_salon(world, owner)
    booking = await hold(customer, service, datetime.now(UTC) + timedelta(minutes=5))

    declined = await pay(customer, booking, "pm_card_chargeDeclined", expect=422)
    assert declined["said"]["code"] == "payment_declined"
    done = await pay(customer, booking, "pm_card_visa")
    assert done["said"]["status"] == "captured"
    await customer.until(f"/bookings/{booking}", lambda seen: seen["status"] == "confirmed")

    await stripe_has_said_so_too(world)
    payment = await customer.ask("GET", f"/payments/{done['payment']}")
    assert (payment["status"], payment["captured"]["amount"]) == ("captured", 6600)

    assert (await owner.ask("POST", f"/bookings/{booking}/check-in"))["status"] == "checked_in"
    assert (await owner.ask("POST", f"/bookings/{booking}/complete"))["status"] == "completed"
    history = await customer.ask("GET", f"/bookings/{booking}/history")
    assert [row["to_status"] for row in history] == ["pending", "confirmed", "checked_in", "completed"]
    notices = await customer.until(
        "/notifications",
        lambda rows: (
            {"booking_confirmed", "booking_completed"} <= {row["kind"] for row in rows if row["status"] == "delivered"}
        ),
    )
    assert len([row for row in notices if row["kind"] == "booking_confirmed"]) == 1
    assert {row["id"] for row in await owner.ask("GET", "/bookings", business_id=business)} == {booking}


async def test_cancelling_gives_back_what_the_policy_leaves(
    world: Running, log_in: Callable[[str], Awaitable[Person]]
) -> None:
    owner, customer = await log_in("owner@example.jp"), await log_in("customer@example.jp")
    _, service = await open_salon(world, owner)
    booking = await hold(customer, service, datetime.now(UTC) + timedelta(hours=20))
    done = await pay(customer, booking, "pm_card_visa")
    await customer.until(f"/bookings/{booking}", lambda seen: seen["status"] == "confirmed")

    taken = await owner.ask("POST", "/bookings", await _same(customer, booking, service), expect=409)
    assert (taken["code"], len(taken["details"]["alternatives"])) == ("slot_taken", 3)

    quote = await customer.ask("POST", f"/bookings/{booking}/cancellation-quote")
    assert (quote["penalty"]["amount"], quote["refunding"]["amount"]) == (3300, 3300)
    cancelled = await customer.ask("POST", f"/bookings/{booking}/cancel", {"reason": "都合が悪くなりました"})
    assert (cancelled["status"], cancelled["penalty"]["amount"]) == ("cancelled", 3300)
    amounts = ("penalty", "refunding", "released")
    assert [cancelled[name] for name in amounts] == [quote[name] for name in amounts], "one amount has one name"
    payment = await customer.until(f"/payments/{done['payment']}", lambda seen: seen["status"] == "partially_refunded")
    assert payment["refunded"]["amount"] == 3300
    assert [row["status"] for row in payment["refunds"]] == ["succeeded"]

    rest = await owner.ask("POST", f"/payments/{done['payment']}/refund", {"reason": "goodwill"}, expect=201)
    assert rest["amount"]["amount"] == 3300
    await customer.until(f"/payments/{done['payment']}", lambda seen: seen["status"] == "refunded")
    again = await customer.ask("POST", "/bookings", await _same(customer, booking, service), expect=201)
    assert again["status"] == "pending"  # the time is free again


async def _same(person: Person, booking: str, service: str) -> dict[str, str]:
    was = await person.ask("GET", f"/bookings/{booking}")
    return {"service_id": service, "start_at": was["start_at"]}


async def test_payment_with_3d_secure_is_finished_by_the_webhook_alone(
    world: Running, log_in: Callable[[str], Awaitable[Person]]
) -> None:
    owner, customer = await log_in("owner@example.jp"), await log_in("customer@example.jp")
    _, service = await open_salon(world, owner)
    booking = await hold(customer, service, datetime.now(UTC) + timedelta(hours=20))
    said = (await pay(customer, booking, "pm_card_authenticationRequired"))["said"]
    assert said["action_url"].startswith(world.sandbox.url)
    [row] = await data.rows(world.pool, "SELECT provider_intent_id FROM booking_payments")
    page = f"{world.sandbox.url}/sandbox/3ds/{row['provider_intent_id']}/authorize"
    back = await asyncio.to_thread(world.sandbox.http.post, page)
    assert back.headers["location"].startswith("http://127.0.0.1/paid?")
    await customer.until(f"/bookings/{booking}", lambda seen: seen["status"] == "confirmed")


@pytest.mark.parametrize(("provider", "card"), [("payjp_v1", "tok"), ("payjp_v2", "pm")])
async def test_booking_is_paid_and_refunded_at_payjp(
    world: Running, log_in: Callable[[str], Awaitable[Person]], provider: str, card: str
) -> None:
    owner, customer = await log_in("owner@example.jp"), await log_in("customer@example.jp")
    business, service = await open_salon(world, owner)
    changed = await owner.ask("PUT", f"/owner/businesses/{business}", {"payment_provider": provider})
    assert changed["payment_provider"] == provider
    booking = await hold(customer, service, datetime.now(UTC) + timedelta(hours=20))

    asked = await pay(customer, booking, f"{card}_challenge_1")
    assert asked["said"]["status"] == "requires_payment"
    await authenticate(world, asked["said"]["action_url"])
    done = await pay(customer, booking, f"{card}_challenge_1")
    assert done["payment"] == asked["payment"]
    await customer.until(f"/bookings/{booking}", lambda seen: seen["status"] == "confirmed")

    # The business changes its provider; what was paid at the old one is refunded there.
    await owner.ask("PUT", f"/owner/businesses/{business}", {"payment_provider": "stripe"})
    cancelled = await customer.ask("POST", f"/bookings/{booking}/cancel", {"reason": "都合が悪くなりました"})
    assert (cancelled["penalty"]["amount"], cancelled["refunding"]["amount"]) == (3300, 3300)
    payment = await customer.until(f"/payments/{done['payment']}", lambda seen: seen["status"] == "partially_refunded")
    assert (payment["provider"], payment["captured"]["amount"], payment["refunded"]["amount"]) == (provider, 6600, 3300)
    await owner.ask("POST", f"/payments/{done['payment']}/refund", {"reason": "goodwill"}, expect=201)
    payment = await customer.until(f"/payments/{done['payment']}", lambda seen: seen["status"] == "refunded")
    assert [row["status"] for row in payment["refunds"]] == ["succeeded", "succeeded"]

    # The webhooks of all that came too, and say nothing else.
    undelivered = "SELECT 1 FROM outbox WHERE delivered_at IS NULL AND command IS NOT NULL"
    async with asyncio.timeout(20):
        while await data.rows(world.pool, undelivered):  # noqa: ASYNC110  (the relay changes it)
            await asyncio.sleep(0.1)
    sources = await data.rows(world.pool, "SELECT DISTINCT provider FROM payment_webhooks")
    assert sources == [{"provider": provider}]
    assert await data.rows(world.pool, "SELECT kind FROM attention") == []


def test_strict_client_refuses_what_the_document_does_not_say() -> None:
    """The control: a field too many, one too few, another type, another status, and details of an error."""
    details: dict[str, Any] = {"alternatives": []}
    error: dict[str, Any] = {"code": "slot_taken", "message": "Taken.", "details": details}
    said = {"timestamp": "2026-11-21T01:30:00.000Z", "requestId": "req_019a0c5e7b3f7c21b5d4a9e1f2036c58"}
    body = {"status": "error", "message": "Taken.", "error": error, **said}
    check_answer("POST", "/bookings", 409, body)
    for wrong in ({"moon": 1, **details}, {}, {"alternatives": ["tomorrow"]}, {"alternatives": [1]}):
        with pytest.raises(AssertionError, match="409"):
            check_answer("POST", "/bookings", 409, {**body, "error": {**error, "details": wrong}})
    with pytest.raises(AssertionError, match="418"):
        check_answer("POST", "/bookings", 418, body)
    quote = {"penalty": {"amount": 1, "currency": "JPY"}}
    with pytest.raises(AssertionError, match="refunding"):
        check_answer("POST", "/bookings/1/cancellation-quote", 200, {"status": "success", "data": quote, **said})
