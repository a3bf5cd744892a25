"""Stored answers of a payment hold no secret, and a client that lost the first answer still finishes 3-D Secure."""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta

import pytest
import pytest_asyncio
from httpx import Response

from api.access.guest_links import HEADER
from api.http.idempotency import REPLAYED, SECRET_FIELDS
from db.engine.session import Database as Pool
from providers.payments.interface import PaymentProvider
from tests.api.conftest import PREFIX, Clock, error_of
from tests.api.payments.payment_requests import RETURN, apply_events
from tests.api.salon import StaffedSalon, keyed
from tests.providers.adapters import AdapterCase
from tests.support import data
from tests.support.sandbox import Sandbox

GUEST = {"family_name": "佐藤", "given_name": "愛", "email": "ai@example.jp"}


class Guest:
    """A guest with a booking that waits for money, who pays with a card that asks for 3-D Secure."""

    def __init__(self, salon: StaffedSalon, tested: AdapterCase) -> None:
        self.salon, self.tested = salon, tested
        self.card = tested.card("challenge")
        self.secrets: set[str] = set()
        self.payment = ""
        self._headers: dict[str, str] = {}

    async def open(self) -> None:
        """Book and open the payment."""
        made = await self._post("/bookings", self.salon.booking_body(guest=GUEST), "g-1")
        assert made.status_code == 201, made.text
        self._headers = {HEADER: made.json()["data"]["guest_token"]}
        opened = await self._post("/payments/intent", {"booking_id": made.json()["data"]["id"]}, "g-2")
        assert opened.status_code == 201, opened.text
        self.payment = opened.json()["data"]["payment_id"]
        self._note(made, opened)

    async def confirm(self, key: str) -> Response:
        """Pay, or repeat it."""
        body = {"payment_id": self.payment, "payment_method": self.card, "return_url": RETURN}
        answer = await self._post("/payments/confirm", body, key)
        self._note(answer)
        return answer

    async def _post(self, path: str, body: Mapping[str, object], key: str) -> Response:
        return await self.salon.nobody.post(f"{PREFIX}{path}", json=body, headers={**keyed(key), **self._headers})

    def _note(self, *answers: Response) -> None:
        found = (answer.json().get("data") or {} for answer in answers)
        self.secrets |= {one[name] for one in found for name in SECRET_FIELDS if one.get(name)}


@pytest_asyncio.fixture(params=["stripe", "payjp_v1", "payjp_v2"])
async def guest(
    request: pytest.FixtureRequest,
    salon: StaffedSalon,
    pool: Pool,
    sandbox: Sandbox,
    providers: Mapping[str, PaymentProvider],
) -> AsyncIterator[Guest]:
    """A guest of a salon with its account at each of the providers."""
    sql = "UPDATE businesses SET payment_provider = :provider WHERE id::text = :id"
    await data.rows(pool, sql, provider=request.param, id=str(salon.ids.business_id))
    guest = Guest(salon, AdapterCase(providers[request.param], sandbox))
    await guest.open()
    yield guest


async def test_repeat_gives_the_3_d_secure_page_again_and_no_secret_is_stored(guest: Guest, pool: Pool) -> None:
    first = await guest.confirm("g-3")
    assert first.json()["data"]["action_url"], first.text
    assert len(guest.secrets) >= 2  # the guest's token, the page, and at some providers the client secret
    stored = [bytes(row["body"]) for row in await data.rows(pool, "SELECT body FROM idempotency_keys")]
    assert len(stored) == 3
    assert [secret for secret in guest.secrets for body in stored if secret.encode() in body] == []
    again = await guest.confirm("g-3")
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers[REPLAYED] == "true"
    assert (await data.rows(pool, "SELECT id FROM payment_webhooks")) == []


async def test_repeat_after_3_d_secure_answers_what_is_true_now(guest: Guest, pool: Pool) -> None:
    first = await guest.confirm("g-3")
    guest.tested.answer(first.json()["data"]["action_url"], "authorize")
    for _ in range(2):
        paid = (await guest.confirm("g-3")).json()["data"]
        assert (paid["status"], paid["action_url"]) == ("captured", None)
    assert len(await data.rows(pool, "SELECT id FROM payment_webhooks")) == 1
    await apply_events(pool)
    assert [row["status"] for row in await data.rows(pool, "SELECT status FROM booking_payments")] == ["captured"]


async def test_repeat_after_a_failed_3_d_secure_is_declined(guest: Guest) -> None:
    first = await guest.confirm("g-3")
    guest.tested.answer(first.json()["data"]["action_url"], "fail")
    assert error_of(await guest.confirm("g-3")) == (422, "payment_declined")


async def test_repeat_after_the_hold_has_no_page(guest: Guest, clock: Clock) -> None:
    await guest.confirm("g-3")
    clock.ahead += timedelta(minutes=11)
    assert error_of(await guest.confirm("g-3")) == (410, "gone")
