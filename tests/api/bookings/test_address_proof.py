"""A guest's unpaid booking over HTTP: held for a short time, confirmed by the link that went to the typed address."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest_asyncio
from fastapi import FastAPI
from httpx import Response

from api.access.guest_links import HEADER
from db.engine.session import Database as Pool
from tests.api.bookings.test_commands import Live, opened_live
from tests.api.conftest import PREFIX, Clock, error_of
from tests.api.salon import StaffedSalon, keyed
from tests.e2e.platform import running_platform
from tests.support import data, servers
from tests.support.forged import with_other_end

GUEST = {"family_name": "佐藤", "given_name": "愛", "email": "ai@example.jp", "phone": "+819011112222"}


async def ask_for_proof(pool: Pool) -> None:
    """The platform's default, and a service that is paid at the venue."""
    await data.rows(pool, "UPDATE business_settings SET address_proof_within = DEFAULT")
    await data.rows(pool, "UPDATE services SET payment_mode = 'at_venue'")


async def book(salon: StaffedSalon, hour: int = 10, **guest: str | None) -> Response:
    """A guest's request for the given hour of the first free day."""
    body = salon.booking_body(salon.at(hour), guest={k: v for k, v in {**GUEST, **guest}.items() if v is not None})
    return await salon.nobody.post(f"{PREFIX}/bookings", json=body, headers=keyed())


async def notices(pool: Pool) -> list[str]:
    return [row["kind"] for row in await data.rows(pool, "SELECT kind FROM notification_outbox ORDER BY id")]


async def test_post_bookings_holds_an_unpaid_booking_until_the_address_is_proven(
    salon: StaffedSalon, pool: Pool, clock: Clock
) -> None:
    await ask_for_proof(pool)
    made = (await book(salon)).json()["data"]
    assert made["status"] == "pending"
    asked_at, due = (datetime.fromisoformat(made[name]) for name in ("created_at", "proof_deadline"))
    assert due == asked_at + timedelta(minutes=30)
    assert made["hold_expires_at"] == made["proof_deadline"]
    assert await notices(pool) == ["booking_proof"], "the business and the customer hear nothing before the proof"
    assert (await book(salon)).status_code == 201
    assert error_of(await book(salon)) == (409, "slot_taken")
    clock.ahead += timedelta(minutes=31)
    assert (await book(salon)).status_code == 201, "the time is free again, whether or not a worker is there"


async def test_post_bookings_needs_an_address_to_prove(salon: StaffedSalon, pool: Pool) -> None:
    await ask_for_proof(pool)
    answer = await book(salon, email=None)
    assert error_of(answer) == (422, "not_bookable")
    assert answer.json()["error"]["details"]["rule"] == "email_needed"


async def test_post_bookings_asks_no_proof_where_money_is_due(salon: StaffedSalon, pool: Pool) -> None:
    await data.rows(pool, "UPDATE business_settings SET address_proof_within = DEFAULT")
    made = (await book(salon)).json()["data"]
    assert (made["status"], made["proof_deadline"]) == ("pending", None)


async def test_post_bookings_asks_an_unproven_login_and_no_proven_one(salon: StaffedSalon, pool: Pool) -> None:
    await ask_for_proof(pool)
    proven = await salon.customer.post("/bookings", json=salon.booking_body(salon.at(10)), headers=keyed())
    assert proven.json()["data"]["status"] == "confirmed"
    await data.rows(pool, "UPDATE users SET email_verified_at = NULL")
    unproven = await salon.customer.post("/bookings", json=salon.booking_body(salon.at(12)), headers=keyed())
    assert unproven.json()["data"]["proof_deadline"] is not None


async def test_put_settings_lets_the_owner_switch_the_proof_off(salon: StaffedSalon, pool: Pool) -> None:
    await ask_for_proof(pool)
    path = f"/owner/businesses/{salon.ids.business_id}/settings"
    for refused in ("PT25H", "-PT1M"):
        assert error_of(await salon.owner.put(path, json={"address_proof_within": refused})) == (422, "invalid_input")
    changed = await salon.owner.put(path, json={"address_proof_within": "PT0S"})
    assert changed.json()["data"]["address_proof_within"] == "PT0S"
    assert (await book(salon)).json()["data"]["status"] == "confirmed"


@pytest_asyncio.fixture
async def live(database: servers.Database, pool: Pool, clock: Clock, temporal_server: str) -> AsyncIterator[Live]:
    """With workers and relay."""
    async with (
        opened_live(database, pool, clock, temporal_server) as opened,
        running_platform(opened.settings, opened.client),
    ):
        await ask_for_proof(pool)
        yield opened


async def confirm(live: Live, booking: dict[str, Any], token: str, link: str | None = None) -> Response:
    return await live.salon.nobody.post(
        f"{PREFIX}/bookings/{booking['id']}/confirm-address",
        json={"token": token},
        headers={HEADER: link or booking["guest_token"], **keyed()},
    )


def sent_token(app: FastAPI, booking: dict[str, Any]) -> str:
    """The token of the message, which goes to the typed address alone."""
    token: str = app.state.services.booking_links.proof(
        UUID(booking["id"]), datetime.fromisoformat(booking["proof_deadline"])
    )
    return token


async def test_confirm_address_takes_the_token_of_its_own_message_alone(live: Live, clock: Clock) -> None:
    made, other = [(await book(live.salon, hour)).json()["data"] for hour in (10, 12)]
    right = sent_token(live.app, made)
    for wrong in (made["guest_token"], sent_token(live.app, other), with_other_end(right), "x"):
        assert error_of(await confirm(live, made, wrong)) == (422, "invalid_link"), wrong
    assert error_of(await confirm(live, made, right, other["guest_token"])) == (404, "not_found")
    assert await live.status(made["id"]) == "pending"
    done = await confirm(live, made, right)
    assert done.status_code == 200, done.text
    assert (done.json()["data"]["status"], done.json()["data"]["proof_deadline"]) == ("confirmed", None)
    assert (await confirm(live, made, right)).json()["data"]["status"] == "confirmed", "a second click does no harm"
    clock.ahead += timedelta(minutes=31)
    assert error_of(await confirm(live, other, sent_token(live.app, other))) == (410, "gone")
