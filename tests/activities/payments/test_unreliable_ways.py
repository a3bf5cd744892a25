"""Vouchers, the provider's own page and payouts, at providers that fail at random; cards are in
`test_unreliable_providers`. A few in the suite; ``OMOTENASHI_TEST_PAYMENTS=500`` makes as many as it says."""

import asyncio
import os
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.money import Money
from domain.payments.movements import metadata
from domain.payments.payouts import sum_differs
from domain.payments.status import SECURED, Movement, PaymentStatus
from domain.payments.vouchers import VoucherOrder, last_second
from providers.payments.interface import Checkout, CheckoutRequest, EntryPage, PayoutPage
from tests.activities.payments.test_unreliable_providers import (
    AMOUNT,
    AT_ONCE,
    TROUBLES,
    Life,
    Recorded,
    taken,
    until_answered,
)
from tests.activities.payments.test_unreliable_providers import sandbox as sandbox
from tests.activities.payments.test_unreliable_providers import tested as tested
from tests.providers.adapters import RETURN_URL, AdapterCase
from tests.support.sampling import seed
from tests.support.sandbox import Sandbox

#: In the short form every way of a payment comes about once.
FEW = 6


class VoucherLife(Life):
    """A voucher, and what the customer and the end of the hold make of it, in any order."""

    async def run(self) -> Recorded:
        """What was recorded of it."""
        self.manual = False
        intent = await self.opened()
        self.recorded.intent_id = intent.id
        end = last_second(datetime.now(UTC), 3, datetime.now(UTC) + timedelta(days=30))
        assert end is not None
        order = VoucherOrder(end, "佐藤 愛", "ai@example.com")
        made = await until_answered(lambda: self.adapter.make_voucher(intent.id, order, f"{self.payment_id}:voucher"))
        again = await until_answered(lambda: self.adapter.make_voucher(intent.id, order, f"{self.payment_id}:voucher"))
        assert made.voucher is not None
        assert again.voucher == made.voucher, "a repeat gives the same numbers"
        match self.dice.choice(["store", "hold ends", "both", "card", "given up"]):
            case "store":
                assert await self.at_the_store("pay")
            case "hold ends":
                await self.close()
            case "both":
                await asyncio.gather(self.at_the_store("pay"), self.close())
            case "card":
                await self.paid(intent)
            case "given up":
                await self.at_the_store("expire")
                await self.close()
        seen = await until_answered(lambda: self.adapter.get_intent(intent.id))
        self.recorded.captured = AMOUNT if seen.status in SECURED else 0
        return self.recorded

    async def at_the_store(self, act: str) -> bool:
        """What happens at the machine."""
        url = f"{self.tested.sandbox.url}/sandbox/konbini/{self.recorded.intent_id}/{act}"
        answer = await asyncio.to_thread(self.tested.sandbox.http.post, url)
        return bool(answer.is_success)

    async def close(self) -> None:
        """The end of the hold closes the intent, or finds the money."""
        result = await self.step(self.task(Movement.VOID, 0))
        self.recorded.voided = result.status is PaymentStatus.VOIDED
        assert self.recorded.voided != bool(result.captured), result


class PageLife(Life):
    """The provider's page, and what the customer and the end of the hold make of it, in any order."""

    async def run(self) -> Recorded:
        """What was recorded of it."""
        about = metadata(self.payment_id, self.booking_id, self.business_id)
        expires_at = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=10)
        request = CheckoutRequest(Money(AMOUNT), "カット", RETURN_URL, expires_at, about)
        page = await self._open(request)
        assert (await self._open(request)).id == page.id, "never a second page beside it"
        match self.dice.choice(["card", "paypay", "hold ends", "both", "away at the bank"]):
            case "card":
                await self.choose(page, "pm_visa")
            case "paypay":
                await self.choose(page, "pm_paypay")
            case "hold ends":
                await self.close(page)
            case "both":
                await asyncio.gather(self.choose(page, "pm_visa"), self.close(page))
            case "away at the bank":
                await self.choose(page, "pm_challenge", answers=False)
                await self.close(page)
        known = await until_answered(lambda: self.adapter.get_checkout(page.id))
        if known.intent_id is not None:
            self.recorded.intent_id = known.intent_id
            intent = await until_answered(lambda: self.adapter.get_intent(known.intent_id or ""))
            assert self.recorded.captured in {0, intent.captured}
            self.recorded.captured = intent.captured
        assert not known.is_open or not self.recorded.voided
        return self.recorded

    async def _open(self, request: CheckoutRequest) -> Checkout:
        return await until_answered(lambda: self.adapter.open_checkout(request, f"{self.payment_id}:checkout:first"))

    async def choose(self, page: Checkout, method: str, answers: bool = True) -> None:
        """The customer's browser; a page that is closed meanwhile refuses."""
        answer = await asyncio.to_thread(self.tested.sandbox.http.post, f"{page.url}/{method}")
        target = str(answer.headers.get("location", ""))
        if answers and "/sandbox/" in target:
            await asyncio.to_thread(self.tested.sandbox.http.post, f"{target}/authorize")

    async def close(self, page: Checkout) -> None:
        """The end of the hold closes the page and its intent, or finds the money."""
        task = replace(self.task(Movement.VOID, 0), intent_id=None, checkout_id=page.id, spares_money=True)
        result = await self.step(task)
        self.recorded.voided = result.status is PaymentStatus.VOIDED
        self.recorded.captured = result.captured
        assert self.recorded.voided != bool(result.captured), result


def how_many() -> int:
    return int(os.environ.get("OMOTENASHI_TEST_PAYMENTS", str(FEW)))


@pytest.fixture
def unreliable(tested: AdapterCase) -> AdapterCase:
    """Fails at random, until the test looks at what came of it."""
    for kind, share in TROUBLES.items():
        seconds = 1.5 if kind == "timeout_after_success" else None
        tested.sandbox.fault("*", kind, times=None, share=share, seconds=seconds)
    return tested


async def lived(tested: AdapterCase, way: type[Life]) -> list[Recorded]:
    """All of them, some at once; then the provider answers again."""
    dice = random.Random(f"{seed()} {tested.adapter.name} {way.__name__}")
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> Recorded:
        async with gate:
            return await way(tested, random.Random(dice.random() + number)).run()

    return list(await asyncio.gather(*(one(number) for number in range(how_many()))))


async def agree(tested: AdapterCase, recorded: list[Recorded], sandbox: Sandbox) -> None:
    """Payments are what the provider has, nobody paid twice, and its payouts are made of them to the yen."""
    for found in recorded:
        if not found.intent_id:
            continue
        intent = await until_answered(lambda name=found.intent_id: tested.adapter.get_intent(name))
        assert intent.captured == found.captured, found
        assert intent.captured in {0, AMOUNT}
        assert not (found.voided and found.captured), found
    sandbox.post(f"/sandbox/payouts/{tested.adapter.name}", {})
    ever = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
    page: PayoutPage = await until_answered(lambda: tested.adapter.list_payouts(*ever, None))
    paid_out = 0
    for payout in page.payouts:
        entries, cursor = [], None
        while True:
            part: EntryPage = await until_answered(
                lambda name=payout.id, at=cursor: tested.adapter.list_entries(name, at)
            )
            entries += part.entries
            cursor = part.cursor
            if cursor is None:
                break
        assert not sum_differs(payout, entries), payout
        paid_out += sum(entry.amount for entry in entries if entry.kind == "payment")
    sandbox.http.delete(sandbox.url + "/sandbox/faults").raise_for_status()
    assert paid_out == taken(tested) == sum(found.captured for found in recorded)


@pytest.mark.parametrize("tested", ["stripe"], indirect=True)
async def test_vouchers_at_an_unreliable_provider_are_paid_once(unreliable: AdapterCase, sandbox: Sandbox) -> None:
    await agree(unreliable, await lived(unreliable, VoucherLife), sandbox)


@pytest.mark.parametrize("tested", ["payjp_v2"], indirect=True)
async def test_pages_of_an_unreliable_provider_are_paid_once(unreliable: AdapterCase, sandbox: Sandbox) -> None:
    await agree(unreliable, await lived(unreliable, PageLife), sandbox)
