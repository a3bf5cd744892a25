"""Payments against providers that fail at random, over HTTP with the real SDKs: what we recorded is what they did.

Each payment is a customer who tries until the form answers, and then our own steps, tried again as Temporal tries
them. Calls are declined, answer 429 or 500, work and answer 500, or work and do not answer at all. In the suite a few
payments per provider; ``make test-all`` makes 500 each; ``OMOTENASHI_TEST_PAYMENTS=10000`` makes as many as it says.
"""

import asyncio
import dataclasses
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from temporalio.testing import ActivityEnvironment

from activities.payments.payments import PaymentActivities
from activities.payments.refunds import RefundActivities
from domain.money import Money
from domain.payments.movements import by_command, metadata, of_refund
from domain.payments.status import SECURED, Movement, PaymentStatus, Phase
from domain.payments.tasks import MoneyResult, MoneyTask
from providers.errors import OutcomeUnknown, ProviderError, ProviderRefused
from providers.payments.interface import CaptureMethod, Intent, IntentRequest
from providers.payments.registry import payment_providers
from tests.providers.adapters import CARDS, RETURN_URL, AdapterCase
from tests.support.sampling import is_whole, seed
from tests.support.sandbox import Sandbox, running_sandbox
from tests.support.takings import takings

AMOUNT = 6600
TRIES = 60
AT_ONCE = 8

T = TypeVar("T")

#: Kind of trouble and the part of all calls that it hits.
TROUBLES = {
    "error_500": 0.05,
    "error_500_after_success": 0.06,
    "timeout_after_success": 0.02,
    "rate_limited": 0.05,
}


@dataclass
class Recorded:
    """What our steps said about one payment; yen. ``unknown``: refunds that nobody knows about, which are for a
    person."""

    intent_id: str
    captured: int = 0
    refunded: int = 0
    voided: bool = False
    unknown: int = 0
    renewed_from: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest_asyncio.fixture(params=sorted(CARDS))
async def tested(request: pytest.FixtureRequest, sandbox: Sandbox) -> AsyncIterator[AdapterCase]:
    sandbox.reset()
    adapters = payment_providers(sandbox.settings(provider_timeout=timedelta(seconds=0.5)))
    yield AdapterCase(adapters[request.param], sandbox)
    for adapter in adapters.values():
        await adapter.aclose()
    sandbox.http.delete(sandbox.url + "/sandbox/faults")


def how_many() -> int:
    return int(os.environ.get("OMOTENASHI_TEST_PAYMENTS", "500" if is_whole() else "24"))


async def test_ledger_equals_the_provider_to_the_yen(tested: AdapterCase) -> None:
    for kind, share in TROUBLES.items():
        seconds = 1.5 if kind == "timeout_after_success" else None
        tested.sandbox.fault("*", kind, times=None, share=share, seconds=seconds)
    dice = random.Random(f"{seed()} {tested.adapter.name}")
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> Recorded:
        async with gate:
            return await Life(tested, random.Random(dice.random() + number)).run()

    recorded = await asyncio.gather(*(one(number) for number in range(how_many())))
    tested.sandbox.http.delete(tested.sandbox.url + "/sandbox/faults").raise_for_status()
    for found in recorded:
        intent = await tested.adapter.get_intent(found.intent_id)
        assert intent.captured == found.captured, found
        assert found.refunded <= intent.refunded <= found.refunded + found.unknown, found
        assert intent.refunded <= intent.captured
        if found.voided:
            assert (intent.status, intent.captured) == (PaymentStatus.VOIDED, 0), found
        for old in found.renewed_from:
            assert (await tested.adapter.get_intent(old)).status is PaymentStatus.VOIDED, found
    assert sum(found.captured for found in recorded) == taken(tested)
    assert any(found.captured for found in recorded)
    assert any(found.refunded for found in recorded)


def taken(tested: AdapterCase) -> int:
    """All that the provider took, by its own list."""
    listed = takings(tested.adapter.name, tested.sandbox.settings(), tested.sandbox.http)
    return sum(taking.captured for taking in listed)


class Life:
    """One payment from its opening to its end."""

    def __init__(self, tested: AdapterCase, dice: random.Random) -> None:
        self.tested, self.dice = tested, dice
        self.adapter = tested.adapter
        providers = {self.adapter.name: self.adapter}
        self.payments = PaymentActivities(None, providers, lambda: datetime.now(UTC))  # type: ignore[arg-type]
        self.refunds = RefundActivities(None, providers, lambda: datetime.now(UTC))  # type: ignore[arg-type]
        self.payment_id, self.booking_id, self.business_id = uuid4(), uuid4(), uuid4()
        self.manual = dice.random() < 0.5
        #: Whether the bank wants to see the customer each time.
        self.must_ask = False
        self.recorded = Recorded("")

    async def run(self) -> Recorded:
        """Pay, and then what a booking does with its money."""
        intent = await self.opened()
        self.recorded.intent_id = intent.id
        if self.dice.random() < 0.1:
            await self.void()
            return self.recorded
        await self.paid(intent)
        if self.manual:
            await self.with_authorization()
        else:
            self.recorded.captured = AMOUNT
        for _ in range(self.dice.choice([0, 1, 2])):
            left = self.recorded.captured - self.recorded.refunded - self.recorded.unknown
            if left and not self.recorded.unknown:
                await self.refund(self.dice.randint(1, left))
        return self.recorded

    async def with_authorization(self) -> None:
        """Renewed or not, then captured or given up."""
        if self.dice.random() < 0.3:
            await self.renew()
        if self.dice.random() < 0.3:
            await self.void()
            return
        amount = self.dice.choice([AMOUNT, 3300])
        result = await self.step(self.task(Movement.CAPTURE, amount))
        assert result.phase is Phase.SUCCEEDED, result
        self.recorded.captured = result.captured
        assert result.captured == amount

    async def opened(self) -> Intent:
        about = metadata(self.payment_id, self.booking_id, self.business_id)
        capture = CaptureMethod.MANUAL if self.manual else CaptureMethod.AUTOMATIC
        request = IntentRequest(Money(AMOUNT), capture, about)
        return await until_answered(lambda: self.adapter.create_intent(request, str(self.payment_id)))

    async def paid(self, intent: Intent) -> None:
        """The customer tries again with a new key each time, with another card after a refusal."""
        kind = self.dice.choice(["good", "good", "challenge", "declined"])
        card, self.must_ask = self.tested.card(kind), kind == "challenge"
        for number in range(TRIES):
            key = f"{self.payment_id}:confirm:{number}"
            try:
                seen = await self.adapter.confirm_intent(intent.id, card, RETURN_URL, key)
            except ProviderRefused:
                # As the endpoint does: the payment may have been made meanwhile.
                seen = await until_answered(lambda: self.adapter.get_intent(intent.id))
            except ProviderError:
                continue
            if seen.status in SECURED:
                return
            if seen.action_url:
                self.tested.answer(seen.action_url, "authorize")
            elif seen.status is PaymentStatus.FAILED or seen.decline_code:
                card, self.must_ask = self.tested.card("good"), False
        raise AssertionError("never paid")

    async def void(self) -> None:
        result = await self.step(self.task(Movement.VOID, AMOUNT))
        assert result.phase is Phase.SUCCEEDED, result
        self.recorded.voided = True

    async def renew(self) -> None:
        """Another authorization on the same card; the old one is given up. One that nobody knows about stays so."""
        old = self.recorded.intent_id
        try:
            result = await self.step(self.task(Movement.AUTHORIZE, AMOUNT))
        except OutcomeUnknown:
            assert self.adapter.name == "payjp_v1"
            return
        if result.phase is Phase.FAILED and self.must_ask:
            # The bank wants to see the customer: the old authorization stays.
            return
        assert result.phase is Phase.SUCCEEDED, result
        assert result.intent_id is not None
        surplus = await self.step(self.task(Movement.VOID, AMOUNT))
        assert surplus.phase is Phase.SUCCEEDED, surplus
        self.recorded.intent_id = result.intent_id
        self.recorded.renewed_from.append(old)

    async def refund(self, amount: int) -> None:
        task = dataclasses.replace(self.task(Movement.REFUND, amount), movement_id=of_refund(self.payment_id, uuid4()))
        try:
            result = await attempts(self.refunds.perform, task)
        except OutcomeUnknown:
            assert self.adapter.name == "payjp_v1"
            self.recorded.unknown += amount
            return
        assert result.phase is Phase.SUCCEEDED, result
        self.recorded.refunded += amount

    async def step(self, task: MoneyTask) -> MoneyResult:
        return await attempts(self.payments.perform, task)

    def task(self, movement: Movement, amount: int) -> MoneyTask:
        ids = (self.payment_id, self.booking_id, self.business_id)
        name = by_command(self.payment_id, movement, uuid4().hex)
        where = (self.adapter.name, self.recorded.intent_id)
        return MoneyTask(name, movement, *ids, *where, amount, "JPY", AMOUNT, self.manual)


async def attempts(step: Callable[[MoneyTask], Awaitable[MoneyResult]], task: MoneyTask) -> MoneyResult:
    """As Temporal tries an activity: again until it answers. Raises the last error of one that never does."""
    failed: Exception | None = None
    for number in range(1, TRIES):
        environment = ActivityEnvironment()
        environment.info = dataclasses.replace(environment.info, attempt=number, activity_id=str(UUID(int=number)))
        try:
            return await environment.run(step, task)
        except ProviderError as error:
            failed = error
        if isinstance(failed, OutcomeUnknown) and failed.reason.endswith("_not_seen") and number > 5:
            break
    assert failed is not None
    raise failed


async def until_answered(call: Callable[[], Awaitable[T]]) -> T:
    for _ in range(TRIES):
        try:
            return await call()
        except ProviderError:
            continue
    raise AssertionError("never answered")
