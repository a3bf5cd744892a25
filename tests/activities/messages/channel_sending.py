"""Providers of all channels in memory, and a salon whose customer has addresses in them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from activities.messages.channels import ChannelRules
from activities.messages.notices import NoticeActivities, NoticeSendInput
from db.engine.session import Database, Scope
from db.messages.preferences import Person
from domain.messages.delivery import DeliveryReport
from domain.messages.kinds import Channel, NoticeKind
from domain.messages.preferences import Choice, PreferenceSource
from domain.messages.send_decision import DEFAULT_LIMITS
from providers.channels import Channels
from providers.errors import OutcomeUnknown, ProviderRefused
from providers.line.interface import LineMessage
from providers.push.interface import ENDED, PushMessage, Subscription
from providers.sms.interface import SentSms, Sms
from runtime.keyring import KeyRing
from runtime.links import Links
from tests.activities.messages.test_notices import Clock, Mailbox
from tests.support.data import HOUR, NOW, Salon, add_booking, rows

NUMBER = "+819012345678"
RULES = ChannelRules(
    {Channel.EMAIL: 100_000, Channel.SMS: 10_000_000, Channel.LINE: 3_000_000}, {Channel.SMS: 2, Channel.LINE: 1}
)
LINKS = Links(KeyRing("k1", {"k1": b"a key"}))


@dataclass
class Phones:
    """A provider of SMS; ``fails`` as in `Mailbox`. ``lists``: whether it says what it has sent."""

    name: str = "phones"
    fails: BaseException | None = None
    lists: bool = True
    arrived: list[Sms] = field(default_factory=list)

    async def send(self, sms: Sms) -> SentSms:
        if self.fails is None or isinstance(self.fails, OutcomeUnknown | asyncio.CancelledError):
            self.arrived.append(sms)
        if self.fails is not None:
            raise self.fails
        return SentSms(f"SM{len(self.arrived)}", 1)

    async def find(self, sms: Sms, since: datetime) -> SentSms | None:
        if not self.lists:
            raise OutcomeUnknown("timeout")
        return SentSms("SM-found", 1) if any(one.text == sms.text for one in self.arrived) else None

    def parse_webhook(self, url: str, body: bytes, headers: Any) -> DeliveryReport:
        raise NotImplementedError

    async def aclose(self) -> None:
        """Nothing to give back."""


@dataclass
class Line:
    """LINE: a key that was accepted is accepted once."""

    name: str = "line"
    fails: BaseException | None = None
    arrived: dict[str, LineMessage] = field(default_factory=dict)
    calls: int = 0

    async def send(self, message: LineMessage) -> str:
        self.calls += 1
        if self.fails is None or isinstance(self.fails, OutcomeUnknown | asyncio.CancelledError):
            self.arrived.setdefault(message.retry_key, message)
        if self.fails is not None:
            raise self.fails
        return "r1"

    async def verify_login(self, id_token: str, nonce: str) -> str | None:
        return None

    async def is_friend(self, user_id: str) -> bool:
        return True

    def parse_webhook(self, body: bytes, headers: Any) -> Sequence[str]:
        return []

    async def aclose(self) -> None:
        """Nothing to give back."""


@dataclass
class Browsers:
    """A push service; ``gone`` has the endpoints that have ended."""

    name: str = "browsers"
    public_key: str = "key"
    gone: set[str] = field(default_factory=set)
    arrived: list[tuple[str, PushMessage]] = field(default_factory=list)

    def takes(self, endpoint: str) -> bool:
        return True

    async def send(self, subscription: Subscription, message: PushMessage) -> str:
        if subscription.endpoint in self.gone:
            raise ProviderRefused(ENDED)
        self.arrived.append((subscription.endpoint, message))
        return "p1"

    async def aclose(self) -> None:
        """Nothing to give back."""


@dataclass
class Sending:
    """Everything that one test needs."""

    pool: Database
    salon: Salon
    mailbox: Mailbox = field(default_factory=Mailbox)
    phones: Phones = field(default_factory=Phones)
    line: Line = field(default_factory=Line)
    browsers: Browsers = field(default_factory=Browsers)
    clock: Clock = field(default_factory=Clock)
    bookings: int = 0

    @property
    def activities(self) -> NoticeActivities:
        """A worker that has just started."""
        channels = Channels(self.mailbox, self.phones, self.line, self.browsers)
        url, support = "https://omotenashi.example", "support@omotenashi.example"
        return NoticeActivities(self.pool, channels, LINKS, url, support, self.clock, DEFAULT_LIMITS, RULES)

    async def send(self, notice: NoticeSendInput) -> str:
        return str(await self.activities.send(notice))

    async def queued(self, kind: NoticeKind = NoticeKind.BOOKING_CONFIRMED, **facts: Any) -> NoticeSendInput:
        self.bookings += 1
        booking_id = await add_booking(self.pool, self.salon, NOW + (24 + 2 * self.bookings) * HOUR)
        async with self.pool.unit_of_work(self.salon.scope) as work:
            made = await work.messages.notices.queue(kind, booking_id, self.salon.business_id, str(uuid4()), facts)
        assert made is not None
        return NoticeSendInput(made, self.salon.business_id)

    async def has(self, *channels: Channel) -> None:
        """The customer's login has an address in these channels."""
        async with self.pool.unit_of_work(Scope.self_(self.salon.user_id)) as work:
            for channel in channels:
                if channel is Channel.SMS:
                    row = await work.messages.channels.start_number(self.salon.user_id, NUMBER, NOW)
                    await work.messages.channels.try_code(self.salon.user_id, row.id, True, NOW)
                elif channel is Channel.LINE:
                    await work.messages.channels.link_line(self.salon.user_id, "U1", NOW)
                else:
                    keys = '{"p256dh": "a", "auth": "b"}'
                    await work.messages.channels.subscribe(self.salon.user_id, f"e{len(channels)}", keys, NOW)

    async def prefers(self, *channels: Channel, kind: NoticeKind = NoticeKind.BOOKING_CONFIRMED) -> None:
        choices = [Choice(kind, one, True, None, place) for place, one in enumerate(channels, 1)]
        async with self.pool.unit_of_work(Scope.self_(self.salon.user_id)) as work:
            await work.messages.preferences.choose(Person(user_id=self.salon.user_id), choices, PreferenceSource.LOGIN)

    async def notice(self, notice: NoticeSendInput) -> dict[str, Any]:
        [row] = await rows(self.pool, "SELECT * FROM notification_outbox WHERE id = :id", id=notice.notice_id)
        return row

    async def attempts(self) -> list[tuple[str, str | None]]:
        found = await rows(self.pool, "SELECT channel, outcome FROM notification_attempts ORDER BY id")
        return [(row["channel"], row["outcome"]) for row in found]
