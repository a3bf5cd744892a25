"""Messages while the provider fails half of the calls and workers are killed: each arrives once, or has visibly
failed."""

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

import pytest_asyncio
from temporalio.exceptions import ApplicationError

from activities.messages.notices import NoticeSendInput
from db.engine.session import Database, Scope
from db.messages.notices import QueuedNotice
from domain.messages.delivery import DeliveryEvent, DeliveryReport
from domain.messages.kinds import NoticeKind
from domain.messages.send_decision import MessageLimits
from domain.messages.sending import UNKNOWN_FOR
from providers.email.interface import Email
from providers.errors import OutcomeUnknown, ProviderRefused, ProviderUnavailable
from tests.activities.messages.test_notices import Clock, notices_of
from tests.support import servers
from tests.support.data import Salon, add_booking, add_salon, opened, rows

#: `OMOTENASHI_TEST_NOTICES=2000` for the whole proof.
NOTICES = int(os.environ.get("OMOTENASHI_TEST_NOTICES", "120"))
AT_ONCE = 8
#: A run gives up after 24 hours.
DEADLINE = timedelta(hours=24)


@dataclass
class Flaky:
    """Fails every second call, in every way that there is. ``killed``: the worker ends before the answer is stored."""

    chance: random.Random
    name: str = "flaky"
    arrived: Counter[str] = field(default_factory=Counter)
    unreported: list[str] = field(default_factory=list)

    async def send(self, email: Email) -> str:
        kind = self.chance.choice(("", "", "", "", "away", "lost before", "lost after", "killed"))
        if kind == "" and self.chance.random() < 0.02:
            raise ProviderRefused("http_400")
        if kind == "away":
            raise ProviderUnavailable("http_429")
        if kind == "lost before":
            raise OutcomeUnknown("timeout")
        self.arrived[email.notice_id] += 1
        self.unreported.append(email.notice_id)
        if kind == "lost after":
            raise OutcomeUnknown("timeout")
        if kind == "killed":
            raise asyncio.CancelledError
        return f"m{email.notice_id}"

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> Sequence[DeliveryReport]:
        return []

    async def aclose(self) -> None:
        """Nothing to give back."""


@pytest_asyncio.fixture
async def pool(database: servers.Database) -> AsyncIterator[Database]:
    async with opened(database) as pool:
        yield pool


async def queued(pool: Database, salon: Salon) -> list[NoticeSendInput]:
    """Confirmations of one booking, all different."""
    booking = await add_booking(pool, salon)
    asked = [
        QueuedNotice(NoticeKind.BOOKING_CONFIRMED, booking, salon.business_id, str(uuid4())) for _ in range(NOTICES)
    ]
    async with pool.unit_of_work(salon.scope) as work:
        made = await work.messages.notices.queue_many(asked)
    return [NoticeSendInput(notice_id, salon.business_id) for notice_id in made]


async def reported(pool: Database, provider: Flaky, clock: Clock) -> None:
    """The provider's webhooks about what has arrived, some of them twice."""
    arrived, provider.unreported = provider.unreported, []
    reports = [
        DeliveryReport(f"e{number}", notice, DeliveryEvent.DELIVERED, clock.now, None)
        for number, notice in enumerate([*arrived, *arrived[::3]])
    ]
    async with pool.unit_of_work(Scope.platform()) as work:
        await work.messages.notices.apply_delivery(reports)


async def test_messages_arrive_once_or_have_visibly_failed(pool: Database) -> None:
    salon, clock = await add_salon(pool), Clock()
    provider = Flaky(random.Random(8))
    activities = notices_of(pool, provider, clock)  # type: ignore[arg-type]
    activities._writer.limits = MessageLimits(person=10**6)
    open_ones = await queued(pool, salon)
    began = clock.now
    while open_ones and clock.now < began + DEADLINE:
        again: list[NoticeSendInput] = []
        for first in range(0, len(open_ones), AT_ONCE):
            batch = open_ones[first : first + AT_ONCE]
            answers = await asyncio.gather(*(activities.send(one) for one in batch), return_exceptions=True)
            for notice, answer in zip(batch, answers, strict=True):
                if isinstance(answer, BaseException):
                    assert isinstance(answer, ApplicationError | ProviderUnavailable | asyncio.CancelledError), answer
                    again.append(notice)
        await reported(pool, provider, clock)
        open_ones = again
        clock.now += UNKNOWN_FOR
    for notice in open_ones:
        await activities.give_up(notice)
    stored = await rows(pool, "SELECT id, status, failure_reason FROM notification_outbox")
    assert len(stored) == NOTICES
    counted = Counter(row["status"] for row in stored)
    assert set(counted) <= {"delivered", "sent", "failed"}
    for row in stored:
        copies = provider.arrived[str(row["id"])]
        assert copies == (0 if row["status"] == "failed" else 1), (row, copies)
        assert (row["failure_reason"] is not None) == (row["status"] == "failed")
    assert counted["delivered"] > NOTICES * 0.9
    calls = await rows(pool, "SELECT count(*) AS calls FROM notification_attempts")
    assert calls[0]["calls"] > NOTICES, "no call failed"
