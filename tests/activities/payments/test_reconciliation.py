"""Planted differences between us and a provider are all filed, once, and nothing else is."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from temporalio.testing import ActivityEnvironment

from activities.payments import reconciliation
from activities.payments.reconciliation import Compared, CompareInput, ReconciliationActivities
from db.engine.session import Database
from domain.payments.status import PaymentStatus as P
from providers.payments.interface import IntentPage, PaymentProvider
from tests.activities.payments.memory_provider import MemoryProvider
from tests.support import servers
from tests.support.data import HOUR, NOW, Salon, add_booking, add_payment, add_salon, opened, rows

#: Rows are made at the time of the database, which is not that of the tests.
EVER = CompareInput("stripe", NOW - timedelta(days=36500), NOW + timedelta(days=36500))


@pytest_asyncio.fixture
async def pool(database: servers.Database) -> AsyncIterator[Database]:
    async with opened(database) as opened_pool:
        yield opened_pool


async def _paid(pool: Database, salon: Salon, hours: int, **values: Any) -> str:
    booking = await add_booking(pool, salon, NOW + hours * HOUR)
    payment = await add_payment(pool, salon, booking, **{"status": "captured", **values})
    [row] = await rows(pool, "SELECT provider_intent_id FROM booking_payments WHERE id = :id", id=payment)
    return str(row["provider_intent_id"])


async def _compared(pool: Database, provider: MemoryProvider, direction: str) -> Compared:
    providers: Mapping[str, PaymentProvider] = {"stripe": provider}
    step = getattr(ReconciliationActivities(pool, providers, lambda: NOW), f"compare_{direction}")
    compared: Compared = await ActivityEnvironment().run(step, EVER)
    return compared


@pytest.mark.parametrize("direction", ["theirs", "ours"])
async def test_provider_that_is_not_set_up_has_nothing_to_compare(pool: Database, direction: str) -> None:
    await _paid(pool, await add_salon(pool), 2, provider="payjp_v1")
    step = getattr(ReconciliationActivities(pool, {}, lambda: NOW), f"compare_{direction}")
    assert await ActivityEnvironment().run(step, replace(EVER, provider="payjp_v1")) == Compared(0, 0, None)


class ListsSlowly(MemoryProvider):
    """Lists after the third heartbeat: the first one is at the start."""

    def __init__(self) -> None:
        super().__init__()
        self.heartbeats, self.may_answer = 0, asyncio.Event()

    def heartbeat(self, *_: object) -> None:
        self.heartbeats += 1
        if self.heartbeats == 3:
            self.may_answer.set()

    async def list_intents(self, since: datetime, until: datetime, cursor: str | None) -> IntentPage:
        await self.may_answer.wait()
        return await super().list_intents(since, until, cursor)


async def test_comparison_has_heartbeats_while_a_provider_lists(
    pool: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciliation, "HEARTBEAT", timedelta(milliseconds=1))
    provider, environment = ListsSlowly(), ActivityEnvironment()
    provider.put("pi_unknown", P.CAPTURED, 6600)
    environment.on_heartbeat = provider.heartbeat
    step = ReconciliationActivities(pool, {"stripe": provider}, lambda: NOW).compare_theirs
    async with asyncio.timeout(20):
        assert await environment.run(step, EVER) == Compared(1, 1, None)
    assert provider.heartbeats > 3


async def test_differences_are_filed_in_both_directions_and_once(pool: Database) -> None:
    salon, provider = await add_salon(pool), MemoryProvider()
    equal, more, gone, held = [
        await _paid(pool, salon, 2, amount=6600),
        await _paid(pool, salon, 4, status="requires_payment"),
        await _paid(pool, salon, 6),
        await _paid(pool, salon, 8, status="authorized", capture_method="manual"),
    ]
    provider.put(equal, P.CAPTURED, 6600)
    provider.put(more, P.CAPTURED, 6600)
    provider.put(held, P.VOIDED)
    provider.put("pi_unknown", P.CAPTURED, 6600)
    provider.put("pi_unpaid", P.REQUIRES_PAYMENT)

    assert await _compared(pool, provider, "theirs") == Compared(5, 3, None)
    assert await _compared(pool, provider, "ours") == Compared(3, 2, None)
    await _compared(pool, provider, "theirs")
    filed = await rows(pool, "SELECT details, payment_id, business_id FROM attention ORDER BY id")
    found = {
        one["details"]["intent_id"]: (one["details"]["difference"], one["details"]["action"], one["business_id"])
        for one in filed
    }
    assert len(filed) == len(found)
    assert found == {
        more: ("amount", "record_state", salon.business_id),
        held: ("status", "record_state", salon.business_id),
        gone: ("missing_there", "check", salon.business_id),
        "pi_unknown": ("missing_here", "check", None),
    }


async def test_payment_with_an_equal_id_at_another_account_does_not_hide_a_missing_one(pool: Database) -> None:
    salon, provider = await add_salon(pool), MemoryProvider()
    sql = """INSERT INTO payment_accounts (business_id, provider, public_key, secrets_encrypted, key_id)
             VALUES (:id, 'stripe', 'pk', 'x', 'k') RETURNING id"""
    [account] = await rows(pool, sql, id=salon.business_id)
    equal = await _paid(pool, salon, 2, account_id=account["id"])
    [payment] = await rows(pool, "SELECT id::text AS id FROM booking_payments")
    provider.put(equal, P.CAPTURED, 6600)
    provider.intents[equal] = replace(provider.intents[equal], metadata={"payment_id": payment["id"]})
    assert await _compared(pool, provider, "theirs") == Compared(1, 0, None), "it is named: recorded at another account"
    provider.intents[equal] = replace(provider.intents[equal], metadata={})
    assert await _compared(pool, provider, "theirs") == Compared(1, 1, None)
    [filed] = await rows(pool, "SELECT details, payment_id FROM attention")
    assert (filed["details"]["difference"], filed["payment_id"]) == ("missing_here", None)
