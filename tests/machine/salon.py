"""The salon of one story: the API over HTTP, its provider, the people, and what is in Postgres."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from httpx import AsyncClient, Response

from api.access.tokens import Login
from db.engine.session import Database, Scope
from db.invariants import CHECKS, Limits
from domain.payments.status import PaymentStatus
from providers.payments.interface import WebhookEvent
from tests.activities.payments.memory_provider import MemoryProvider
from tests.api.conftest import PREFIX
from tests.machine.model import APPROVAL, HOLD, LEAD, OFFER, UNDO
from tests.machine.runs import Runs
from tests.support.data import Salon, add_salon, add_service, add_user, rows

TOKYO = ZoneInfo("Asia/Tokyo")
_CHECKED = {"double claims", "claims of bookings", "holds", "offers of the waitlist", "history", "money", "refunds"}
_SETTINGS = """
    UPDATE business_settings SET slot_interval_minutes = 60, lead_time = :lead, hold_for = :hold,
           approval_within = :approval, waitlist_offer_for = :offer, undo_within = :undo WHERE business_id = :id
"""
_MONEY = """
    SELECT p.booking_id, p.provider_intent_id AS intent, p.captured, p.refunded, p.status,
           coalesce(sum(t.amount) FILTER (WHERE t.movement = 'capture' AND t.phase = 'succeeded'), 0) AS in_ledger,
           coalesce(sum(t.amount) FILTER (WHERE t.movement = 'refund' AND t.phase = 'succeeded'), 0) AS back_in_ledger
      FROM booking_payments p LEFT JOIN payment_transactions t ON t.payment_id = p.id
     WHERE p.business_id = :id GROUP BY p.id
"""


@dataclass
class StoppedClock:
    """The time of the API and of all runs; only the story moves it."""

    at: datetime

    def now(self) -> datetime:
        return self.at


class PayingProvider(MemoryProvider):
    """Customers pay here; the webhook of a payment shows it as it is when it is sent."""

    def pay(self, intent_id: str) -> bool:
        """Whether the money was taken: an intent that was closed cannot be paid."""
        intent = self.intents[intent_id]
        if intent.status is not PaymentStatus.REQUIRES_PAYMENT:
            return False
        self.intents[intent_id] = replace(intent, status=PaymentStatus.CAPTURED, captured=intent.amount)
        return True

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> WebhookEvent:
        said = json.loads(body)
        intent = self.intents[said["intent"]]
        return WebhookEvent(said["id"], "payment_intent.succeeded", said["created"], intent.id, intent, None)


@dataclass
class StorySalon:
    """``services``: id by what is asked: nothing, money, or money and an approval."""

    app: FastAPI
    http: AsyncClient
    pool: Database
    clock: StoppedClock
    provider: PayingProvider
    runs: Runs
    ids: Salon
    services: dict[str, UUID]
    day: datetime
    users: dict[str, UUID] = field(default_factory=dict)
    intents: dict[str, str] = field(default_factory=dict)

    @classmethod
    async def open(
        cls, app: FastAPI, http: AsyncClient, pool: Database, clock: StoppedClock, provider: PayingProvider, runs: Runs
    ) -> "StorySalon":
        """A new salon, with a day and a half before its first hour."""
        ids = await add_salon(pool)
        runs.business_id = ids.business_id
        more = {"payment_mode": "prepay"}
        paid = await add_service(pool, ids.business_id, *ids.resources, **more)
        asked = await add_service(pool, ids.business_id, *ids.resources, approval_mode="manual", **more)
        terms = {"lead": LEAD, "hold": HOLD, "approval": APPROVAL, "offer": OFFER, "undo": UNDO}
        await rows(pool, _SETTINGS, id=ids.business_id, **terms)
        midnight = clock.now().astimezone(TOKYO).replace(hour=0, minute=0, second=0, microsecond=0)
        services = {"plain": ids.service_id, "paid": paid, "asked": asked}
        return cls(app, http, pool, clock, provider, runs, ids, services, midnight + timedelta(days=2))

    async def ask(self, method: str, path: str, who: str | UUID, body: Any = None, **params: str) -> Response:
        """A request of a login: ``owner``, or a user's id. No answer may be a 5xx."""
        user = self.ids.owner_id if who == "owner" else who
        token = self.app.state.services.tokens.issue(Login(UUID(str(user)), False), self.clock.now())
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid4().hex}
        answer = await self.http.request(method, PREFIX + path, json=body, headers=headers, params=params)
        assert answer.status_code < 500, answer.text
        return answer

    async def new_user(self) -> UUID:
        return await add_user(self.pool, email_verified_at=self.clock.now())

    async def open_payment(self, booking_id: str) -> bool:
        """The customer opens the payment. False: it is refused."""
        answer = await self.ask("POST", "/payments/intent", self.users[booking_id], {"booking_id": booking_id})
        if answer.status_code >= 400:
            return False
        payment = answer.json()["data"]["payment_id"]
        [row] = await rows(
            self.pool, "SELECT provider_intent_id AS it FROM booking_payments WHERE id = :id", id=payment
        )
        self.intents[booking_id] = row["it"]
        return True

    async def send_webhook(self, booking_id: str) -> None:
        """The provider says that it was paid."""
        event = {"id": uuid4().hex, "intent": self.intents[booking_id], "created": int(self.clock.now().timestamp())}
        answer = await self.http.post(f"{PREFIX}/payments/webhook/stripe", json=event)
        assert answer.status_code == 200, answer.text

    async def bookings(self) -> dict[str, dict[str, Any]]:
        """Each with its live claims."""
        found = """
            SELECT b.id::text AS id, b.status, b.start_at, coalesce(p.captured, 0) AS captured,
                   coalesce(p.refunded, 0) AS refunded,
                   ARRAY(SELECT c.resource_id::text FROM resource_claims c
                          WHERE c.booking_id = b.id AND c.released_at IS NULL AND c.starts_at = b.start_at) AS claimed
              FROM bookings b LEFT JOIN booking_payments p ON p.booking_id = b.id WHERE b.business_id = :id
        """
        return {row["id"]: row for row in await rows(self.pool, found, id=self.ids.business_id)}

    async def entries(self) -> dict[str, dict[str, Any]]:
        """The entries of the waitlist with their open offers."""
        found = """
            SELECT w.id::text AS id, w.status, o.start_at, o.resource_ids[1]::text AS resource_id, o.expires_at
              FROM waitlist w LEFT JOIN waitlist_offers o ON o.entry_id = w.id AND o.status = 'open'
             WHERE w.business_id = :id
        """
        return {row["id"]: row for row in await rows(self.pool, found, id=self.ids.business_id)}

    async def free_starts(self, day: str) -> dict[datetime, int]:
        """What the API offers everybody on a day: how many at each start."""
        params = {"service_id": str(self.ids.service_id), "from": day, "to": day}
        answer = await self.http.get(f"{PREFIX}/availability", params=params)
        assert answer.status_code == 200, answer.text
        return {datetime.fromisoformat(slot["start_at"]): slot["left"] for slot in answer.json()["data"]["starts"]}

    async def violations(self) -> list[Any]:
        """What the auditor finds of this business once everything has ended."""
        nothing_late = Limits(*[timedelta()] * 6)
        async with self.pool.unit_of_work(Scope.platform()) as work:
            return [
                (finding.kind, finding.ids, finding.facts)
                for check in CHECKS
                if check.name in _CHECKED
                async for finding in work.invariants.run(check, self.clock.now(), nothing_late)
            ]

    async def money(self) -> list[dict[str, Any]]:
        """Each payment: as it is here, in the ledger, and at the provider."""
        found = await rows(self.pool, _MONEY, id=self.ids.business_id)
        for row in found:
            intent = self.provider.intents[row["intent"]]
            row |= {"at_provider": (intent.captured, intent.refunded)}
        return found

    async def users_of(self, entry_id: str) -> list[UUID]:
        """The login that waits."""
        return [
            row["user_id"] for row in await rows(self.pool, "SELECT user_id FROM waitlist WHERE id = :id", id=entry_id)
        ]

    async def booking_of(self, entry_id: str) -> list[str]:
        """The booking that an accepted entry became."""
        found = "SELECT booking_id::text AS it FROM waitlist WHERE id = :id"
        return [row["it"] for row in await rows(self.pool, found, id=entry_id)]
