"""The salon of the demo and its people, and the steps that several scenes share."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from stack.demo.expectations import PATIENCE, Unexpected, expect, until
from stack.demo.people import Answer, Person
from stack.demo.provider import Provider
from stack.demo.timeline import Timeline

ZONE = ZoneInfo("Asia/Tokyo")
PRICE = 8800
#: Long enough that no scene that pays comes too late on a slow machine.
HOLD = timedelta(minutes=10)
#: Three days before it is free, then half, on the last day all of it: the demo books two days ahead.
TIERS = (
    {"hours_before": 72, "penalty_percent": 0},
    {"hours_before": 24, "penalty_percent": 50},
    {"hours_before": 0, "penalty_percent": 100},
)
GOOD_CARD = "pm_card_visa"
#: Where a browser would be sent back to after 3-D Secure.
_RETURN_URL = "http://127.0.0.1/back"

Json = dict[str, Any]


def yen(amount: int) -> str:
    """``¥8,800``."""
    return f"¥{amount:,}"


def clock(moment: str) -> str:
    """``Tue 24 Nov 10:00`` of an RFC 3339 time."""
    return f"{datetime.fromisoformat(moment).astimezone(ZONE):%a %d %b %H:%M}"


def same(one: str, other: str) -> bool:
    """Whether two RFC 3339 times are the same moment."""
    return datetime.fromisoformat(one) == datetime.fromisoformat(other)


def run_of(booking: Json) -> str:
    """The workflow id of the booking, as the Temporal UI shows it."""
    return f"booking/{booking['id']}"


def intent_of(payment: Json) -> str:
    """The intent's id at the provider: Stripe's secrets begin with it."""
    return str(payment["client_secret"]).partition("_secret_")[0]


@dataclass
class Salon:
    """Everything that the scenes share. ``business`` and the rest are filled by the first scene."""

    timeline: Timeline
    provider: Provider
    owner: Person
    hanako: Person
    ken: Person
    guest: Person
    admin: Person
    business_id: str = ""
    service_id: str = ""
    policy_id: str = ""
    staff: tuple[str, ...] = ()
    _given: set[str] = field(default_factory=set)

    # -- time ----------------------------------------------------------------------------------------------------

    async def starts(self, person: Person, days_ahead: int, days: int = 1, **more: Any) -> Sequence[Json]:
        """``{"start_at", "left"}`` for every start of these days."""
        today = datetime.now(ZONE).date()
        first, last = today + timedelta(days=days_ahead), today + timedelta(days=days_ahead + days - 1)
        asked = {"service_id": self.service_id, "from": first.isoformat(), "to": last.isoformat(), **more}
        found: Sequence[Json] = (await person.get("/availability", **asked))["starts"]
        return found

    async def a_start(self) -> str:
        """A whole hour two days ahead at which both of the staff are free, another one each time."""
        for start in await self.starts(self.hanako, 2):
            at = str(start["start_at"])
            if datetime.fromisoformat(at).minute == 0 and start["left"] == len(self.staff) and at not in self._given:
                self._given.add(at)
                return at
        raise Unexpected("a free hour in two days", "none")

    async def left_at(self, start_at: str) -> int:
        """How many could still book this start."""
        found = [start["left"] for start in await self.starts(self.hanako, 2) if start["start_at"] == start_at]
        return int(found[0]) if found else 0

    async def set_up(self, **settings: object) -> None:
        """Change settings of the business; they apply to new bookings. Durations in seconds."""
        await self.owner.put(f"/owner/businesses/{self.business_id}/settings", settings)

    # -- bookings ------------------------------------------------------------------------------------------------

    async def book(self, person: Person, start_at: str, *staff: str, **more: str) -> Json:
        """A booking that waits for its money."""
        body = {"service_id": self.service_id, "start_at": start_at, "resource_ids": list(staff), **more}
        booking: Json = await person.post("/bookings", body)
        expect("a new booking to be", booking["status"], "pending")
        self.timeline.say(f"{person.name} holds {clock(start_at)} ({booking['code']})", run_of(booking))
        return booking

    async def read(self, person: Person, booking: Json) -> Json:
        """The booking now."""
        found: Json = await person.get(f"/bookings/{booking['id']}")
        return found

    async def becomes(self, person: Person, booking: Json, status: str, within: float = PATIENCE) -> Json:
        """The booking, once it has this status."""
        found = await until(
            f"booking {booking['code']} to be {status}",
            lambda: self._status(person, booking),
            lambda now: now == status,
            within,
        )
        expect("status", found, status)
        return await self.read(person, booking)

    async def _status(self, person: Person, booking: Json) -> str:
        return str((await self.read(person, booking))["status"])

    # -- money ---------------------------------------------------------------------------------------------------

    async def ask_to_pay(self, person: Person, booking: Json) -> Json:
        """The payment, with an open intent at the provider."""
        payment: Json = await person.post("/payments/intent", {"booking_id": booking["id"]})
        return payment

    async def try_card(self, person: Person, payment: Json, method: str) -> Answer:
        """The answer to a payment with this card."""
        card = {"payment_id": payment["payment_id"], "payment_method": method, "return_url": _RETURN_URL}
        return await person.ask("POST", "/payments/confirm", card)

    async def give_card(self, person: Person, payment: Json, method: str = GOOD_CARD) -> Json:
        """The payment after a card that is not refused."""
        answer = await self.try_card(person, payment, method)
        if answer.status != 200:
            raise Unexpected(f"{method} to be taken", answer)
        paid: Json = answer.data
        return paid

    async def pay(self, person: Person, booking: Json) -> Json:
        """Intent and good card; gives the payment."""
        payment = await self.ask_to_pay(person, booking)
        await self.give_card(person, payment)
        self.timeline.say(f"{person.name} pays {yen(PRICE)} by card", payment["payment_id"])
        return payment

    async def payment_becomes(self, person: Person, payment: Json, status: str) -> Json:
        """The payment, once it has this status."""

        async def look() -> Json:
            found: Json = await person.get(f"/payments/{payment['payment_id']}")
            return found

        return await until(f"payment to be {status}", look, lambda now: bool(now["status"] == status))

    # -- notices -------------------------------------------------------------------------------------------------

    async def notices(self, person: Person, booking: Json) -> Sequence[Json]:
        """The person's notifications about this booking."""
        found = await person.get("/notifications", limit=100)
        return [notice for notice in found if notice["booking_id"] == booking["id"]]

    async def emails(self, person: Person, booking: Json, kind: str) -> Sequence[Json]:
        """The e-mails of one kind about this booking in the person's mailbox."""
        ids = {notice["id"] for notice in await self.notices(person, booking) if notice["kind"] == kind}
        return [
            mail for mail in await self.provider.emails(person.email) if mail["custom_args"].get("notice_id") in ids
        ]

    async def mail_arrives(self, person: Person, booking: Json, kind: str, within: float = PATIENCE) -> Json:
        """The one e-mail of this kind, once it is there."""
        found = await until(
            f"an e-mail {kind} to {person.name}",
            lambda: self.emails(person, booking, kind),
            lambda mails: len(mails) > 0,
            within,
        )
        expect(f"e-mails {kind}", len(found), 1)
        mail = found[0]
        self.timeline.say(f"{person.name} gets mail: {mail['subject']}", mail["custom_args"]["notice_id"])
        return mail
