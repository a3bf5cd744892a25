"""The customers: what each does with a booking, and what the API answered."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from domain.payments.providers import ProviderName
from tests.chaos.caller import Answer, Caller, NoAnswer
from tests.chaos.cards import CARDS, Cards

#: How somebody pays, and how many of a hundred do.
WAYS = {
    "good card": 38,
    "declined, then good": 12,
    "bank says yes": 12,
    "bank says no": 4,
    "leaves at the bank": 4,
    "slow, then yes": 8,
    "slow, then no": 4,
    "at the last moment": 8,
    "declined": 3,
    "never": 7,
}
#: What somebody does with a booking that is paid.
REGRETS = {"keeps it": 62, "cancels": 20, "moves it": 13, "moves it, then cancels": 5}
#: Of a hundred that do not pay at once, so many cancel the hold instead.
CHANGES_MIND = 6
#: So many of a hundred requests are sent a second time although they were answered.
SENDS_TWICE = 10
_TRIES = 6
#: PAY.JP's v1 asks to confirm again after its page; an answer that a fault withholds takes one more.
_CONFIRMATIONS = 4
#: What people do instead where the provider settles at once.
_WITHOUT_SLOW = {"slow, then yes": "good card", "slow, then no": "declined"}


@dataclass(frozen=True, slots=True)
class BookableSalon:
    """``starts``: what can be booked, earliest first. ``hold``: how long there is to pay. ``provider``: where."""

    business_id: UUID
    service_id: UUID
    hold: timedelta
    starts: Sequence[datetime]
    provider: str = ProviderName.STRIPE.value

    @property
    def cards(self) -> Cards:
        """The test cards of its provider."""
        return CARDS[self.provider]

    def way(self, drawn: str) -> str:
        """How somebody pays here."""
        return drawn if self.cards.slow else _WITHOUT_SLOW.get(drawn, drawn)


@dataclass
class Visit:
    """What one customer did and what was answered. ``refused`` are the markers of refused requests."""

    name: str
    user_id: UUID
    salon: BookableSalon
    way: str
    regret: str
    token: Callable[[], str]
    marker: str = ""
    refused: list[str] = field(default_factory=list)
    booking_id: str | None = None
    hold_expires_at: datetime | None = None
    start_at: datetime | None = None
    moves_unanswered: bool = False
    paid_at: datetime | None = None
    declined_last: bool = False
    intent_id: str | None = None
    cancel: str = ""
    unanswered: str = ""
    story: list[str] = field(default_factory=list)


class Customer:
    """Lives one visit. ``now`` is the clock that the platform goes by."""

    def __init__(
        self, visit: Visit, api: Caller, sandbox: Caller, dice: random.Random, now: Callable[[], datetime]
    ) -> None:
        self.visit = visit
        self._api = api
        self._sandbox = sandbox
        self._dice = dice
        self._now = now
        self._keys = 0

    async def live(self) -> None:
        """Book, pay or not, regret or not. Never raises for what the platform says."""
        try:
            await self._live()
        except NoAnswer as lost:
            self.visit.unanswered = str(lost)

    async def _live(self) -> None:
        visit = self.visit
        if not await self._hold():
            return
        if visit.way in {"never", "leaves at the bank"} and self._dice.randrange(100) < CHANGES_MIND * 3:
            await self._think(3)
            await self._cancel()
            return
        await self._pay()
        if visit.paid_at is None or visit.regret == "keeps it":
            return
        await self._confirmed()
        if "moves" in visit.regret:
            await self._move()
        if "cancels" in visit.regret:
            await self._cancel()

    # -- steps ---------------------------------------------------------------------------------------------------

    async def _hold(self) -> bool:
        visit, start = self.visit, self._any_start()
        for number in range(_TRIES):
            visit.marker = f"{visit.name}.{number}"
            body = {
                "service_id": str(visit.salon.service_id),
                "start_at": start.isoformat(),
                "special_requests": visit.marker,
            }
            answer = await self._post("/bookings", body, {201, 409})
            if answer.status == 201:
                visit.booking_id, visit.start_at = answer.data["id"], start
                visit.hold_expires_at = datetime.fromisoformat(answer.data["hold_expires_at"])
                return True
            visit.refused.append(visit.marker)
            visit.marker = ""
            nearest = answer.details.get("alternatives") or []
            start = datetime.fromisoformat(self._dice.choice(nearest)) if nearest else self._any_start()
        return False

    async def _pay(self) -> None:
        visit = self.visit
        if visit.way == "never":
            return
        await self._think(2.5)
        opened = await self._post("/payments/intent", {"booking_id": visit.booking_id}, {201, 409, 410})
        if opened.status != 201:
            return
        visit.intent_id = str(opened.data["client_secret"]).partition("_secret_")[0]
        payment_id, cards = opened.data["payment_id"], visit.salon.cards
        match visit.way:
            case "declined":
                await self._card(payment_id, cards.declined[0])
            case "declined, then good":
                await self._card(payment_id, self._dice.choice(cards.declined))
                await self._think(1)
                await self._card(payment_id, cards.good)
            case "at the last moment":
                await self._until_the_hold_ends()
                await self._card(payment_id, cards.good)
            case "slow, then yes" | "slow, then no":
                await self._slow(payment_id)
            case "bank says yes" | "bank says no" | "leaves at the bank":
                await self._bank(payment_id)
            case _:
                await self._card(payment_id, cards.good)

    async def _card(self, payment_id: str, card: str) -> Answer:
        """Confirm with a card whose bank asks nothing. Where the provider has a page all the same, it sends the browser
        back at once, and the payment is confirmed again with the same token."""
        token = self.visit.salon.cards.new(card, self._dice)
        answer = await self._confirm(payment_id, token)
        for _ in range(_CONFIRMATIONS):
            if answer.status != 200 or not answer.data["action_url"]:
                break
            await self._open(answer.data["action_url"])
            answer = await self._confirm(payment_id, token)
        return answer

    async def _confirm(self, payment_id: str, token: str) -> Answer:
        visit = self.visit
        asked = {"payment_id": payment_id, "payment_method": token, "return_url": "http://127.0.0.1/back"}
        visit.declined_last = False  # Until this one is answered, nobody knows.
        answer = await self._post("/payments/confirm", asked, {200, 409, 410, 422})
        if answer.status == 422 and answer.code != "payment_declined":
            self._wrong(f"the card was answered with {answer.code} {dict(answer.details)}")
        visit.declined_last = answer.status == 422
        if answer.status == 200 and answer.data["status"] == "captured":
            visit.paid_at = self._now()
        return answer

    async def _open(self, page: str) -> Answer:
        """Open the provider's page in the browser."""
        address = urlsplit(page)
        path = f"{address.path}?{address.query}" if address.query else address.path
        return await self._sandbox.ask("GET", path, form=False)

    async def _slow(self, payment_id: str) -> None:
        """The bank takes its time: the event comes before or after the hold's end."""
        answer = await self._confirm(payment_id, str(self.visit.salon.cards.slow))
        if answer.status != 200 or answer.data["status"] != "processing":
            return
        await asyncio.sleep(self._dice.uniform(0.2, 1.2) * self.visit.salon.hold.total_seconds())
        success = self.visit.way.endswith("yes")
        end = "succeed" if success else "fail"
        path = f"/sandbox/payment_intents/{self.visit.intent_id}/{end}"
        await self._sandbox.ask("POST", path, form=False)
        if success:
            self.visit.paid_at = self._now()

    async def _bank(self, payment_id: str) -> None:
        """The bank's page has two buttons. PAY.JP's v1 takes the money only when the payment is confirmed again."""
        visit = self.visit
        token = visit.salon.cards.new(visit.salon.cards.bank, self._dice)
        answer = await self._confirm(payment_id, token)
        if answer.status != 200 or not answer.data["action_url"] or visit.way.startswith("leaves"):
            return
        shown = await self._open(answer.data["action_url"])
        await self._think(3)
        end = "authorize" if visit.way.endswith("yes") else "fail"
        button = shown.content.decode().partition('action="')[2].partition('/authorize"')[0]
        if not button:
            return
        said = await self._sandbox.ask("POST", f"{button}/{end}", form=False)
        if said.status >= 400:
            return
        if visit.salon.provider == ProviderName.PAYJP_V1:
            await self._confirm(payment_id, token)
        elif end == "authorize":
            visit.paid_at = self._now()

    async def _confirmed(self) -> None:
        """Look until the booking is not pending any more, as an app would; a while."""
        for _ in range(40):
            answer = await self._get(f"/bookings/{self.visit.booking_id}")
            if answer.status == 200 and answer.data["status"] != "pending":
                return
            await asyncio.sleep(0.5)

    async def _cancel(self) -> None:
        visit = self.visit
        visit.cancel = "asked"
        answer = await self._post(f"/bookings/{visit.booking_id}/cancel", {"reason": "都合により"}, {200, 409})
        visit.cancel = answer.code

    async def _move(self) -> None:
        visit = self.visit
        wanted = self._any_start()
        visit.moves_unanswered = True
        answer = await self._post(
            f"/bookings/{visit.booking_id}/reschedule", {"start_at": wanted.isoformat()}, {200, 409, 410, 422}
        )
        visit.moves_unanswered = False
        if answer.status == 200:
            visit.start_at = wanted

    # -- phone ---------------------------------------------------------------------------------------------------

    async def _post(self, path: str, body: object, expected: set[int]) -> Answer:
        self._keys += 1
        key = f"{self.visit.name}-{self._keys}"
        headers = {"Authorization": f"Bearer {self.visit.token()}", "Idempotency-Key": key}
        answer = await self._api.ask("POST", f"/api/v1{path}", body, headers)
        self.visit.story.append(f"{self._now():%H:%M:%S.%f} {path} {answer.status} {answer.code}")
        if answer.status not in expected and answer.status < 500:
            self._wrong(f"POST {path} was answered with {answer.status} {answer.code} {dict(answer.details)}")
        if answer.status < 300 and self._dice.randrange(100) < SENDS_TWICE:
            again = await self._api.ask("POST", f"/api/v1{path}", body, headers)
            is_same = (again.status, again.content) == (answer.status, answer.content)
            if not is_same and not _has_moved_on(answer, again):
                self._wrong(f"POST {path} with the same key: first {answer.content!r}, then {again.content!r}")
        return answer

    async def _get(self, path: str) -> Answer:
        headers = {"Authorization": f"Bearer {self.visit.token()}"}
        answer = await self._api.ask("GET", f"/api/v1{path}", headers=headers)
        if answer.status != 200:
            self._wrong(f"GET {path} was answered with {answer.status} {answer.code}")
        return answer

    def _wrong(self, sentence: str) -> None:
        self._api.heard.wrong.append(f"{self.visit.name} ({self.visit.booking_id}): {sentence}")

    def _any_start(self) -> datetime:
        """Early hours are popular, so that many want the same."""
        starts = self.visit.salon.starts
        return starts[int(len(starts) * self._dice.random() ** 1.5)]

    async def _think(self, longest: float) -> None:
        await asyncio.sleep(self._dice.uniform(0, longest))

    async def _until_the_hold_ends(self) -> None:
        """Just before or just after."""
        if self.visit.hold_expires_at is not None:
            at = self.visit.hold_expires_at + timedelta(seconds=self._dice.uniform(-0.6, 0.2))
            await asyncio.sleep(max(0.0, (at - self._now()).total_seconds()))


def _has_moved_on(first: Answer, again: Answer) -> bool:
    """Whether the payment waited for the bank's page, and a repeat says what became of it meanwhile
    (docs/payments.md, "Paying")."""
    return bool(first.data.get("action_url")) and again.code in {"ok", "gone", "payment_declined"}


async def settle_what_is_slow(sandbox: Caller, api_key: str) -> int:
    """A customer who was answered that it is too late does not return to pay: the bank says no to all that are still
    processing. Gives how many they were."""
    headers, after, settled = {"Authorization": f"Bearer {api_key}"}, "", 0
    while True:
        page = await sandbox.ask("GET", f"/v1/payment_intents?limit=100{after}", headers=headers, form=False)
        for intent in page.body["data"]:
            if intent["status"] == "processing":
                await sandbox.ask("POST", f"/sandbox/payment_intents/{intent['id']}/fail", form=False)
                settled += 1
        if not page.body["has_more"]:
            return settled
        after = f"&starting_after={page.body['data'][-1]['id']}"
