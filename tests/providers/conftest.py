"""The sandbox process, empty for each test, and the adapters that talk to it with the real SDKs."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest_asyncio

from providers.email.sendgrid import SendGridEmail
from providers.payments.payjp_v1 import PayjpV1Payments
from providers.payments.payjp_v2 import PayjpV2Payments
from providers.payments.stripe import StripePayments
from tests.support.sandbox import Receiver, Sandbox, running_receiver


@pytest_asyncio.fixture
async def payments(sandbox: Sandbox) -> AsyncIterator[StripePayments]:
    """Stripe's adapter against the sandbox."""
    adapter = StripePayments(sandbox.settings())
    yield adapter
    await adapter.aclose()


@pytest_asyncio.fixture
async def payjp_v1(sandbox: Sandbox) -> AsyncIterator[PayjpV1Payments]:
    """PAY.JP's v1 adapter against the sandbox; it waits for an answer no longer than two seconds."""
    adapter = PayjpV1Payments(sandbox.settings(provider_timeout=timedelta(seconds=2)))
    yield adapter
    await adapter.aclose()


@pytest_asyncio.fixture
async def payjp_v2(sandbox: Sandbox) -> AsyncIterator[PayjpV2Payments]:
    """PAY.JP's v2 adapter against the sandbox."""
    adapter = PayjpV2Payments(sandbox.settings())
    yield adapter
    await adapter.aclose()


@pytest_asyncio.fixture
async def mail(sandbox: Sandbox) -> AsyncIterator[SendGridEmail]:
    """SendGrid's adapter against the sandbox."""
    adapter = SendGridEmail(sandbox.settings())
    yield adapter
    await adapter.aclose()


@pytest_asyncio.fixture
async def receiver(sandbox: Sandbox) -> AsyncIterator[Receiver]:
    """Takes the sandbox's webhooks of all providers."""
    async with running_receiver() as receiver:
        sandbox.target(
            stripe=receiver.url + "/stripe", payjp=receiver.url + "/payjp", sendgrid=receiver.url + "/sendgrid"
        )
        yield receiver
        sandbox.target(stripe=None, payjp=None, sendgrid=None)
