"""A provider whose keys answer 500 from then on: the movement ends all the same, and nothing is doubled."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from temporalio.testing import ActivityEnvironment

from activities.payments.payments import PaymentActivities
from activities.payments.refunds import RefundActivities
from domain.money import Money
from domain.payments.movements import of_refund
from domain.payments.status import Movement, PaymentStatus, Phase
from domain.payments.tasks import MoneyResult, MoneyTask
from providers.errors import OutcomeUnknown
from providers.payments.interface import CaptureMethod, IntentRequest
from providers.payments.stripe import StripePayments
from tests.support.data import NOW
from tests.support.sandbox import Sandbox

KINDS = ["error_500", "error_500_after_success"]


@pytest_asyncio.fixture
async def stripe(sandbox: Sandbox) -> AsyncIterator[StripePayments]:
    """The adapter."""
    adapter = StripePayments(sandbox.settings())
    yield adapter
    await adapter.aclose()


async def paid(stripe: StripePayments, capture: CaptureMethod) -> str:
    """An intent over 6600 yen that its customer has paid or authorized."""
    intent = await stripe.create_intent(IntentRequest(Money(6600), capture), str(uuid4()))
    return (await stripe.confirm_intent(intent.id, "pm_card_visa", "https://salon.example/done", str(uuid4()))).id


def task(movement: Movement, intent_id: str, amount: int) -> MoneyTask:
    """A movement of a card hold."""
    ids = [UUID(int=number) for number in (1, 2, 3)]
    return MoneyTask(str(uuid4()), movement, *ids, "stripe", intent_id, amount, "JPY", 6600, manual_capture=True)


async def tried(step: Any, task: MoneyTask, most: int = 4) -> tuple[MoneyResult, int]:
    """The result and the number of the try that brought it; each try is a new one of the same activity."""
    env = ActivityEnvironment()
    for attempt in range(1, most + 1):
        env.info = replace(ActivityEnvironment.default_info(), attempt=attempt)
        try:
            return await env.run(step, task), attempt
        except OutcomeUnknown:
            continue
    raise AssertionError("it did not end")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("times", [1, 2])
async def test_capture_ends(sandbox: Sandbox, stripe: StripePayments, kind: str, times: int) -> None:
    intent_id = await paid(stripe, CaptureMethod.MANUAL)
    sandbox.fault("payment_intents.capture", kind, stored=True, times=times)
    steps = PaymentActivities(None, {"stripe": stripe}, lambda: NOW)  # type: ignore[arg-type]
    result, attempt = await tried(steps.perform, task(Movement.CAPTURE, intent_id, 3300))
    assert (result.phase, result.captured) == (Phase.SUCCEEDED, 3300)
    assert attempt == (times + 1 if kind == "error_500" else 2)
    assert (await stripe.get_intent(intent_id)).captured == 3300


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("times", [1, 2])
async def test_void_ends(sandbox: Sandbox, stripe: StripePayments, kind: str, times: int) -> None:
    intent_id = await paid(stripe, CaptureMethod.MANUAL)
    sandbox.fault("payment_intents.cancel", kind, stored=True, times=times)
    steps = PaymentActivities(None, {"stripe": stripe}, lambda: NOW)  # type: ignore[arg-type]
    result, _ = await tried(steps.perform, task(Movement.VOID, intent_id, 6600))
    assert (result.phase, result.status) == (Phase.SUCCEEDED, PaymentStatus.VOIDED)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("times", [1, 2])
async def test_refund_ends_and_is_made_once(sandbox: Sandbox, stripe: StripePayments, kind: str, times: int) -> None:
    intent_id = await paid(stripe, CaptureMethod.AUTOMATIC)
    sandbox.fault("refunds.create", kind, stored=True, times=times)
    steps = RefundActivities(None, {"stripe": stripe}, lambda: NOW)  # type: ignore[arg-type]
    asked = replace(task(Movement.REFUND, intent_id, 2000), movement_id=of_refund(UUID(int=1), uuid4()))
    for _ in range(2):
        result, _ = await tried(steps.perform, asked)
        assert (result.phase, result.refunded) == (Phase.SUCCEEDED, 2000)
    assert (await stripe.get_intent(intent_id)).refunded == 2000
    other = replace(asked, movement_id=of_refund(UUID(int=1), uuid4()))
    assert (await tried(steps.perform, other))[0].refunded == 2000, "another refund of the same amount is another one"
    assert (await stripe.get_intent(intent_id)).refunded == 4000
