"""A guest without an e-mail address: the unpaid booking is confirmed by the link that goes to the number by SMS."""

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
import pytest_asyncio
from fastapi import FastAPI

from activities.messages.channels import FREE
from activities.messages.notices import NoticeActivities, NoticeSendInput
from api.app import create_app
from db.engine.session import Database as Pool
from domain.bookings import proof
from domain.bookings.commands import BookingCommand
from domain.bookings.proof import PROOFS_OF_BUSINESS, PROOFS_OF_NETWORK, PROOFS_OF_NUMBER, phone_proof_windows
from domain.messages.send_decision import DEFAULT_LIMITS
from domain.platform.actor import ActorKind
from providers.cache.interface import Cache
from providers.channels import Channels
from tests.activities.messages.channel_sending import Phones
from tests.activities.messages.test_notices import Mailbox
from tests.api.bookings.test_address_proof import book
from tests.api.conftest import PREFIX, Clock, error_of
from tests.api.salon import StaffedSalon, keyed
from tests.support import data, servers

NUMBER = "+819011112222"
WITH_SMS = {"twilio_account_sid": "AC1", "twilio_auth_token": "t", "twilio_from": "+81500000000"}


@pytest.fixture
def sms() -> dict[str, Any]:
    """The settings of the provider of SMS."""
    return WITH_SMS


@pytest_asyncio.fixture
async def app(
    database: servers.Database, pool: Pool, clock: Clock, redis_cache: Cache, sms: dict[str, Any]
) -> AsyncIterator[FastAPI]:
    settings = database.settings(temporal_address="127.0.0.1:1", **sms)
    app = create_app(settings, database=pool, cache=redis_cache, password_rounds=4, now=clock.now)
    async with app.router.lifespan_context(app):
        yield app


@pytest_asyncio.fixture
async def asked(salon: StaffedSalon, pool: Pool) -> StaffedSalon:
    """A salon that asks guests without an address to prove their number."""
    await data.rows(
        pool,
        "UPDATE business_settings SET address_proof_within = DEFAULT, phone_proof_within = interval '10 minutes'",
    )
    await data.rows(pool, "UPDATE services SET payment_mode = 'at_venue'")
    return salon


async def rule_of(salon: StaffedSalon, **guest: str | None) -> str:
    answer = await book(salon, email=None, **guest)
    assert error_of(answer) == (422, "not_bookable"), answer.text
    rule: str = answer.json()["error"]["details"]["rule"]
    return rule


async def sent(app: FastAPI, pool: Pool, salon: StaffedSalon, clock: Clock, kind: str) -> list[str]:
    """Send the messages of a kind that wait; the texts of the SMS."""
    phones, services = Phones(), app.state.services
    worker = NoticeActivities(
        pool,
        Channels(Mailbox(), phones),
        services.links,
        services.settings.public_url,
        "s@example.jp",
        clock.now,
        DEFAULT_LIMITS,
        FREE,
    )
    waiting = await data.rows(
        pool, "SELECT id FROM notification_outbox WHERE kind = :kind AND audience = 'customer'", kind=kind
    )
    for row in waiting:
        await worker.send(NoticeSendInput(row["id"], salon.ids.business_id))
    assert {one.to for one in phones.arrived} <= {NUMBER}
    return [one.text for one in phones.arrived]


async def opened(salon: StaffedSalon, text: str) -> str:
    """Where the short address of an SMS leads."""
    [code] = re.findall(r"/m/([0-9A-Za-z]{10})", text)
    answer = await salon.nobody.get(f"{PREFIX}/notifications/links/{code}")
    url: str = answer.json()["data"]["url"]
    return url


async def landed(salon: StaffedSalon, text: str) -> str:
    """Where a browser is sent that opens the short address."""
    [code] = re.findall(r"/m/([0-9A-Za-z]{10})", text)
    answer = await salon.nobody.get(f"/m/{code}", headers={"Accept": "text/html"}, follow_redirects=False)
    location: str = answer.headers["location"]
    return location


async def test_number_is_proven_by_the_link_of_its_sms(
    app: FastAPI, asked: StaffedSalon, pool: Pool, clock: Clock
) -> None:
    made = (await book(asked, email=None)).json()["data"]
    asked_at, due = (datetime.fromisoformat(made[name]) for name in ("created_at", "proof_deadline"))
    assert (made["status"], due - asked_at) == ("pending", timedelta(minutes=10))
    [text] = await sent(app, pool, asked, clock, "booking_proof")
    assert "佐藤" not in text
    assert await sent(app, pool, asked, clock, "booking_proof") == [], "once"
    token = parse_qs(urlsplit(await opened(asked, text)).query)["proof"][0]
    page = await asked.nobody.get(await landed(asked, text), headers={"Accept": "text/html"})
    assert f'name="proof" value="{token}"' in page.text, "the page has the button that confirms"
    assert app.state.services.booking_links.read_proof(token, clock.now()) == UUID(made["id"])
    command = BookingCommand(UUID(made["id"]), asked.ids.business_id, "c1", ActorKind.GUEST)
    async with pool.unit_of_work(asked.ids.scope) as work:
        await work.bookings.changes.prove_contact(command, clock.now())
    assert "proof=" not in await opened(asked, text), "a second tap shows the booking"
    [confirmed] = await sent(app, pool, asked, clock, "booking_confirmed")
    assert "booking confirmed" in confirmed


async def test_number_that_is_not_proven_in_time_gives_the_time_back(
    app: FastAPI, asked: StaffedSalon, pool: Pool, clock: Clock
) -> None:
    assert (await book(asked, email=None)).status_code == 201
    clock.ahead += timedelta(minutes=11)
    assert await sent(app, pool, asked, clock, "booking_proof") == [], "an SMS that is too late is not paid for"
    assert (await book(asked, email=None)).status_code == 201


async def test_number_is_asked_only_where_the_owner_wants_it(asked: StaffedSalon, pool: Pool) -> None:
    assert (await book(asked)).json()["data"]["status"] == "pending"
    assert await data.rows(pool, "SELECT 1 FROM rate_limits WHERE subject LIKE 'phone_proof:%'") == []
    assert await rule_of(asked, phone="+81355501234") == "mobile_number_needed"
    await data.rows(pool, "UPDATE business_settings SET phone_proof_within = DEFAULT")
    assert await rule_of(asked) == "email_needed"


@pytest.mark.parametrize("sms", [{}])
async def test_number_cannot_be_proven_where_sms_is_off(asked: StaffedSalon) -> None:
    assert await rule_of(asked) == "sms_off"


async def test_number_is_asked_a_few_times_a_day(asked: StaffedSalon, pool: Pool) -> None:
    """The booking that would be one too many is not made."""
    codes = [(await book(asked, 9 + number, email=None)).status_code for number in range(PROOFS_OF_NUMBER + 1)]
    assert codes == [201] * PROOFS_OF_NUMBER + [429]
    [count] = await data.rows(pool, "SELECT count(*) AS n FROM bookings")
    assert count["n"] == PROOFS_OF_NUMBER


async def asked_of_another_number(salon: StaffedSalon, pool: Pool, number: int, network: str) -> int:
    """The status of a guest's request with a number of its own; earlier guests do not count as unpaid bookings."""
    body = salon.booking_body(
        salon.at(9 + number // 2), guest={"family_name": "佐藤", "given_name": "愛", "phone": f"+8190111122{number:02}"}
    )
    headers = keyed() | {"X-Forwarded-For": network}
    answer = await salon.nobody.post(f"{PREFIX}/bookings", json=body, headers=headers)
    await data.rows(pool, "UPDATE bookings SET ip = NULL RETURNING id")
    if answer.status_code == 429:
        assert answer.json()["error"]["details"]["retry_after"] > 3600, "the limit of a day, not that of all requests"
    return answer.status_code


BEHIND_A_PROXY = WITH_SMS | {"trusted_proxies": ("127.0.0.0/8",)}


@pytest.mark.parametrize("sms", [BEHIND_A_PROXY])
async def test_network_is_asked_a_few_times_a_day_whatever_the_numbers(asked: StaffedSalon, pool: Pool) -> None:
    codes = [await asked_of_another_number(asked, pool, one, "198.51.100.7") for one in range(PROOFS_OF_NETWORK + 1)]
    assert codes == [201] * PROOFS_OF_NETWORK + [429]
    assert await asked_of_another_number(asked, pool, PROOFS_OF_NETWORK, "198.51.100.8") == 201, "another network"


@pytest.mark.parametrize("sms", [BEHIND_A_PROXY])
async def test_business_asks_a_number_of_times_a_day_whatever_the_networks(
    asked: StaffedSalon, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof, "PROOFS_OF_BUSINESS", 4)
    codes = [await asked_of_another_number(asked, pool, one, f"198.51.100.{one + 1}") for one in range(5)]
    assert codes == [201] * 4 + [429]


def test_phone_proof_windows_count_number_network_and_business() -> None:
    windows = phone_proof_windows(b"key", NUMBER, "192.0.2.1", UUID(int=1))
    assert [one.limit for one in windows] == [PROOFS_OF_NUMBER, PROOFS_OF_NETWORK, PROOFS_OF_BUSINESS]
    assert all(NUMBER not in one.subject for one in windows)
    others = phone_proof_windows(b"other", NUMBER, "192.0.2.1", UUID(int=1))
    assert windows[0].subject != others[0].subject, "the table alone gives no number away to somebody who tries all"


async def test_numbers_of_two_guests_are_counted_apart(asked: StaffedSalon, pool: Pool, clock: Clock) -> None:
    """Both have no address; at most five unpaid bookings ahead are counted for each number."""
    made: list[dict[str, Any]] = []
    for hour, phone in enumerate(["+819011112222"] * 3 + ["+819033334444"] * 3, 9):
        made.append((await book(asked, hour, email=None, phone=phone)).json()["data"])
        await data.rows(pool, "UPDATE bookings SET ip = NULL RETURNING id")
    for one in made:
        command = BookingCommand(UUID(one["id"]), asked.ids.business_id, f"c{one['id']}", ActorKind.GUEST)
        async with pool.unit_of_work(asked.ids.scope) as work:
            await work.bookings.changes.prove_contact(command, clock.now())
    assert {row["status"] for row in await data.rows(pool, "SELECT status FROM bookings")} == {"confirmed"}
