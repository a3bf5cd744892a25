"""Channels over HTTP: numbers and their proof, LINE, browsers, webhooks, the unread count and short links."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from fastapi import FastAPI

from api.app import create_app
from api.http.envelope import Envelope
from api.v1.messages.channels.schemas import AddressRead, ChannelsRead
from db.engine.session import Database as Pool
from db.engine.session import Scope
from domain.messages.channels import CODE_LASTS, CODES_PER_DAY, MOST_SUBSCRIPTIONS, MOST_TRIES
from domain.messages.kinds import Channel, NoticeKind
from providers.cache.interface import Cache
from providers.sandbox.signing import twilio_signature
from runtime.channel_settings import LINE_SANDBOX_SECRET, TWILIO_SANDBOX_TOKEN
from runtime.phone_codes import PhoneCodes
from tests.api.conftest import PASSWORD, Clock, Login, Person, client_of, error_of, rules_of
from tests.api.messages.test_notifications import queued_notice
from tests.api.pages.visitor import Visitor
from tests.api.salon import StaffedSalon, keyed
from tests.support import data, servers
from tests.support.sandbox import Sandbox, running_sandbox

HTML = {"Accept": "text/html"}
KEYS = {"p256dh": "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u", "auth": "tBHItJI5svbpez7KI4CCXg"}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest_asyncio.fixture
async def app(
    database: servers.Database, pool: Pool, clock: Clock, redis_cache: Cache, sandbox: Sandbox
) -> AsyncIterator[FastAPI]:
    """An API on which all channels are on."""
    sent = sandbox.settings().model_dump(
        include={
            name
            for name in type(sandbox.settings()).model_fields
            if name.startswith(("twilio", "line", "vapid", "push"))
        }
    )
    settings = database.settings(temporal_address="127.0.0.1:1", **sent)
    app = create_app(settings, database=pool, cache=redis_cache, password_rounds=4, now=clock.now)
    async with app.router.lifespan_context(app):
        yield app


async def numbered(person: Person, number: str = "090-1234-5678") -> Any:
    return await person.post("/notifications/channels/numbers", json={"number": number}, headers=keyed())


def code_of(app: FastAPI, address: dict[str, Any]) -> str:
    return PhoneCodes(app.state.services.links.keys).code(UUID(address["id"]), address["address"])


async def typed(person: Person, address: dict[str, Any], code: str) -> Any:
    return await person.post(f"/notifications/channels/numbers/{address['id']}/verify", json={"code": code})


async def shown(person: Person) -> dict[str, Any]:
    answer = await person.get("/notifications/channels")
    Envelope[ChannelsRead].model_validate_json(answer.content, extra="forbid")
    found: dict[str, Any] = answer.json()["data"]
    return found


async def test_channels_say_which_are_on(salon: StaffedSalon) -> None:
    found = await shown(salon.customer)
    assert {one["channel"]: one["on"] for one in found["channels"]} == dict.fromkeys(Channel, True)
    assert (found["addresses"], found["line_login_channel_id"]) == ([], "1234567890")
    assert len(base64.urlsafe_b64decode(found["push_public_key"] + "=")) == 65


async def test_number_is_proven_by_its_code_alone(app: FastAPI, salon: StaffedSalon, pool: Pool) -> None:
    answer = await numbered(salon.customer)
    assert answer.status_code == 201, answer.text
    Envelope[AddressRead].model_validate_json(answer.content, extra="forbid")
    address = answer.json()["data"]
    assert (address["address"], address["proven_at"]) == ("+819012345678", None)
    right = code_of(app, address)
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    assert rules_of(await typed(salon.customer, address, wrong)) == {("code", "wrong_code")}
    assert error_of(await typed(salon.other_owner, address, right)) == (404, "not_found")
    for _ in range(2):
        proven = await typed(salon.customer, address, right)
        assert proven.json()["data"]["proven_at"] is not None
    [queued] = await data.rows(pool, "SELECT kind, user_id, facts FROM notification_outbox")
    assert (queued["kind"], queued["user_id"]) == ("phone_code", salon.customer.id)
    assert queued["facts"] == {"address_id": address["id"]}
    listed = await salon.customer.get("/notifications")
    assert listed.json()["data"][0]["kind"] == "phone_code"


async def test_number_that_was_proven_counts_until_another_one_is(app: FastAPI, salon: StaffedSalon) -> None:
    first = (await numbered(salon.customer)).json()["data"]
    await typed(salon.customer, first, code_of(app, first))
    second = (await numbered(salon.customer, "080-1234-5678")).json()["data"]
    assert [one["address"] for one in (await shown(salon.customer))["addresses"]] == ["+819012345678", "+818012345678"]
    await typed(salon.customer, second, code_of(app, second))
    assert [one["address"] for one in (await shown(salon.customer))["addresses"]] == ["+818012345678"]
    assert (await salon.customer.delete(f"/notifications/channels/{second['id']}")).status_code == 200
    assert (await shown(salon.customer))["addresses"] == []


async def test_code_ends_after_its_time_and_its_tries(app: FastAPI, salon: StaffedSalon, clock: Clock) -> None:
    address = (await numbered(salon.customer)).json()["data"]
    right = code_of(app, address)
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    for _ in range(MOST_TRIES):
        assert error_of(await typed(salon.customer, address, wrong))[0] == 422
    assert error_of(await typed(salon.customer, address, right)) == (410, "gone")
    again = (await numbered(salon.customer)).json()["data"]
    clock.ahead += CODE_LASTS + timedelta(seconds=1)
    assert error_of(await typed(salon.customer, again, code_of(app, again))) == (410, "gone")


async def test_codes_are_limited_by_login_and_by_number(salon: StaffedSalon, pool: Pool) -> None:
    for _ in range(CODES_PER_DAY):
        assert (await numbered(salon.customer)).status_code == 201
    limited = await numbered(salon.customer, "080-1234-5678")
    assert error_of(limited)[0] == 429
    assert error_of(await numbered(salon.other_owner))[0] == 429, "the number has had enough"
    assert (await numbered(salon.other_owner, "080-1234-5678")).status_code == 201


@pytest.mark.parametrize("number", ["03-5550-0123", "+1 212 555 0123", "050-3123-4567"])
async def test_number_that_gets_no_sms_in_japan_is_refused(salon: StaffedSalon, number: str) -> None:
    assert error_of(await numbered(salon.customer, number))[0] == 422


async def test_line_is_linked_by_what_line_confirms(salon: StaffedSalon, pool: Pool) -> None:
    nonce = (await shown(salon.customer))["line_nonce"]

    async def linked(person: Person, token: str) -> Any:
        return await person.put("/notifications/channels/line", json={"id_token": token, "nonce": nonce})

    assert rules_of(await linked(salon.customer, "U1.stolen")) == {("id_token", "not_confirmed_by_line")}
    assert error_of(await linked(salon.other_owner, f"U1.{nonce}"))[0] == 401, "the nonce is of another login"
    assert error_of(await linked(salon.customer, f"Ublocked.{nonce}")) == (409, "wrong_state")
    for _ in range(2):
        assert (await linked(salon.customer, f"U1.{nonce}")).status_code == 200
    [row] = await data.rows(pool, "SELECT user_id, address FROM channel_addresses")
    assert (row["user_id"], row["address"]) == (salon.customer.id, "U1")
    body = json.dumps({"events": [{"type": "unfollow", "source": {"userId": "U1"}}]}).encode()
    signature = base64.b64encode(hmac.digest(LINE_SANDBOX_SECRET.encode(), body, hashlib.sha256)).decode()
    plain = {"Content-Type": "application/json"}
    forged = await salon.nobody.post("/api/v1/notifications/webhook/line", content=body, headers=plain)
    assert error_of(forged)[0] == 400
    for known in (1, 0):
        answer = await salon.nobody.post(
            "/api/v1/notifications/webhook/line", content=body, headers={**plain, "X-Line-Signature": signature}
        )
        assert answer.json()["data"] == {"known": known}


async def test_browser_belongs_to_the_login_that_came_last(salon: StaffedSalon, pool: Pool) -> None:
    async def subscribed(person: Person, endpoint: str = "http://127.0.0.1/push/b1", **keys: str) -> Any:
        body = {"endpoint": endpoint, "keys": {**KEYS, **keys}}
        return await person.post("/notifications/channels/push", json=body, headers=keyed())

    for person in (salon.customer, salon.other_owner):
        assert (await subscribed(person)).status_code == 201
    [row] = await data.rows(pool, "SELECT user_id, keys FROM channel_addresses")
    assert (row["user_id"], row["keys"]) == (salon.other_owner.id, KEYS)
    assert rules_of(await subscribed(salon.customer, "http://169.254.169.254/latest")) == {
        ("endpoint", "unknown_push_service")
    }
    assert rules_of(await subscribed(salon.customer, auth="not a key!")) == {("auth", "not_a_push_key")}
    for number in range(MOST_SUBSCRIPTIONS + 2):
        await subscribed(salon.customer, f"http://127.0.0.1/push/c{number}")
    assert len((await shown(salon.customer))["addresses"]) == MOST_SUBSCRIPTIONS
    assert error_of(await salon.customer.delete(f"/notifications/channels/{uuid4()}")) == (404, "not_found")


async def test_status_of_an_sms_is_applied_by_its_signature(app: FastAPI, salon: StaffedSalon, pool: Pool) -> None:
    notice = await queued_notice(pool, salon, NoticeKind.BOOKING_CONFIRMED)
    await data.rows(
        pool, "UPDATE notification_outbox SET channel = 'sms', route = '{}', status = 'sent' WHERE id = :id", id=notice
    )
    path = f"/api/v1/notifications/webhook/twilio?notice={notice}"
    url = app.state.services.settings.public_url + path
    form = {"MessageSid": "SM1", "MessageStatus": "delivered", "To": "+819012345678"}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    signed = {**headers, "X-Twilio-Signature": twilio_signature(TWILIO_SANDBOX_TOKEN, url, form)}
    assert error_of(await salon.nobody.post(path, content=urlencode(form), headers=headers))[0] == 400
    for _ in range(2):
        answer = await salon.nobody.post(path, content=urlencode(form), headers=signed)
        assert answer.json()["data"] == {"known": 1}, answer.text
    [row] = await data.rows(pool, "SELECT status FROM notification_outbox WHERE id = :id", id=notice)
    assert row["status"] == "delivered"


async def test_unread_messages_are_counted(salon: StaffedSalon, pool: Pool) -> None:
    notices = [await queued_notice(pool, salon, NoticeKind.BOOKING_CONFIRMED) for _ in range(2)]
    assert (await salon.customer.get("/notifications/unread")).json()["data"] == {"unread": 2}
    await salon.customer.put(f"/notifications/{notices[0]}", json={"read": True})
    assert (await salon.customer.get("/notifications/unread")).json()["data"] == {"unread": 1}
    assert (await salon.other_owner.get("/notifications/unread")).json()["data"] == {"unread": 0}


async def test_short_link_opens_the_booking_of_its_message(app: FastAPI, salon: StaffedSalon, pool: Pool) -> None:
    notice = await queued_notice(pool, salon, NoticeKind.BOOKING_CONFIRMED)
    async with pool.unit_of_work(Scope.platform()) as work:
        assert await work.messages.channels.link_code(UUID(notice), "abcdefghij") == "abcdefghij"
        assert await work.messages.channels.link_code(UUID(notice), "0123456789") == "abcdefghij"
    answer = await salon.nobody.get("/m/abcdefghij", headers=HTML, follow_redirects=False)
    [row] = await data.rows(pool, "SELECT booking_id FROM notification_outbox WHERE id = :id", id=notice)
    token = app.state.services.booking_links.token(row["booking_id"])
    assert (answer.status_code, answer.headers["location"]) == (303, f"/bookings/{quote(token)}")
    page = await salon.nobody.get(answer.headers["location"], headers=HTML)
    assert page.status_code == 200
    unknown = await salon.nobody.get("/m/zzzzzzzzzz", headers=HTML, follow_redirects=False)
    assert unknown.status_code == 404


async def test_order_of_channels_is_chosen_for_each_kind(salon: StaffedSalon) -> None:
    ordered = {"kind": "booking_confirmed", "channel": "sms", "enabled": True, "position": 1}
    body = {"choices": [ordered], "time_zone": "Europe/Paris"}
    answer = await salon.customer.put("/notifications/preferences", json=body)
    assert answer.status_code == 200, answer.text
    assert {**ordered, "business_id": None} in answer.json()["data"]["choices"]
    assert answer.json()["data"]["time_zone"] == "Europe/Paris"
    again = await salon.customer.put("/notifications/preferences", json={"choices": []})
    assert again.json()["data"]["time_zone"] == "Europe/Paris"
    for wrong in ({**ordered, "enabled": False}, {**ordered, "kind": "booking_proof"}, {**ordered, "position": None}):
        refused = await salon.customer.put("/notifications/preferences", json={"choices": [wrong]})
        assert rules_of(refused) == {("choices.0.kind", "always_sent")}
    zone = await salon.customer.put("/notifications/preferences", json={"choices": [], "time_zone": "Tokyo"})
    assert rules_of(zone) == {("time_zone", "unknown_zone")}


async def page_of(app: FastAPI, person: Person) -> Visitor:
    """The page of messages, in a browser of this person."""
    visitor = Visitor(client_of(app))
    await visitor.open("/console/login", next="/account/messages")
    await visitor.send("/console/login", email=person.email, password=PASSWORD)
    return visitor


async def test_page_registers_a_browser_and_removes_it(
    app: FastAPI, salon: StaffedSalon, log_in: Login, pool: Pool
) -> None:
    """What the script does with the form: the key is there, and the form is hidden without a script."""
    person = await log_in()
    visitor = await page_of(app, person)
    page = await visitor.open("/account/messages")
    key = (await shown(person))["push_public_key"]
    assert re.search(
        rf'<form method="post" action="/account/messages/browsers" hidden data-push-key="{key}">', page.text
    )
    sent = {"endpoint": "http://127.0.0.1/push/page", **KEYS}
    for _ in range(2):
        page = await visitor.send("/account/messages/browsers", **sent)
        assert "Saved." in page.text
    [row] = await data.rows(pool, "SELECT id, user_id, address, keys FROM channel_addresses")
    assert (row["user_id"], row["address"], row["keys"]) == (person.id, sent["endpoint"], KEYS)
    for _ in range(2):
        page = await visitor.send("/account/messages/browsers/remove", browser=str(row["id"]))
        assert "Saved." in page.text
    assert await data.rows(pool, "SELECT 1 FROM channel_addresses") == []


async def test_page_registers_no_unknown_push_service(app: FastAPI, log_in: Login, pool: Pool) -> None:
    visitor = await page_of(app, await log_in())
    await visitor.open("/account/messages")
    page = await visitor.send("/account/messages/browsers", **{"endpoint": "http://169.254.169.254/latest", **KEYS})
    assert page.status_code == 422
    assert visitor.alert()
    page = await visitor.send("/account/messages/browsers", endpoint="http://127.0.0.1/push/1", form_token="A" * 32)
    assert page.status_code == 403
    assert await data.rows(pool, "SELECT 1 FROM channel_addresses") == []


async def test_page_removes_no_browser_of_somebody_else(app: FastAPI, log_in: Login, pool: Pool) -> None:
    other = await log_in()
    body = {"endpoint": "http://127.0.0.1/push/other", "keys": KEYS}
    made = await other.post("/notifications/channels/push", json=body, headers=keyed())
    visitor = await page_of(app, await log_in())
    await visitor.open("/account/messages")
    for browser in (made.json()["data"]["id"], "../unread", ""):
        await visitor.send("/account/messages/browsers/remove", browser=browser)
    assert len(await data.rows(pool, "SELECT 1 FROM channel_addresses")) == 1


async def test_push_worker_is_compared_each_time_and_may_do_nothing_else(app: FastAPI) -> None:
    visitor = Visitor(client_of(app))
    script = await visitor.open("/push-worker.js")
    assert script.status_code == 200
    assert script.headers["content-type"].startswith("text/javascript"), "browsers refuse a worker of another type"
    assert script.headers["cache-control"] == "no-cache"
    assert script.headers.get_list("content-security-policy") == ["default-src 'none'"]
    assert "service-worker-allowed" not in script.headers, "its scope is below its own folder"
    assert '"fetch"' not in script.text, "it stands between no page and the server"
    assert "target.origin !== location.origin" in script.text
