"""Compares our payments with the provider's own lists, to the yen."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import httpx

from db.engine.session import Database
from runtime.settings import Settings
from tests.support.data import rows
from tests.support.takings import Taking, takings

_PAYMENTS = """
    SELECT p.provider_intent_id AS intent_id, p.booking_id::text AS booking_id, p.amount, p.captured, p.refunded,
           p.status, b.amount_due,
           coalesce((SELECT sum(t.amount) FROM payment_transactions t WHERE t.payment_id = p.id
                      AND t.movement = 'refund' AND t.phase = 'succeeded'), 0)::bigint AS ledger_refunded
      FROM booking_payments p JOIN bookings b ON b.id = p.booking_id WHERE p.provider = :provider
"""


async def check_money(
    database: Database, settings: Settings, providers: Sequence[str]
) -> tuple[list[str], Counter[str]]:
    """Sentences about differences, and per provider how many payments were opened and paid, and the sums."""
    wrong: list[str] = []
    seen: Counter[str] = Counter()
    for provider in providers:
        ours = await rows(database, _PAYMENTS, provider=provider)
        theirs = await asyncio.to_thread(_takings, provider, settings)
        wrong += [f"{provider}: {sentence}" for sentence in compare(ours, theirs)]
        seen[f"{provider} opened"] = sum(1 for payment in ours if payment["intent_id"])
        seen[f"{provider} paid"] = sum(1 for payment in ours if payment["captured"])
        seen[f"{provider} taken"] = sum(taking.captured for taking in theirs)
        seen[f"{provider} given back"] = sum(taking.refunded for taking in theirs)
    return wrong, seen


def _takings(provider: str, settings: Settings) -> list[Taking]:
    with httpx.Client(trust_env=False, timeout=30) as http:
        return takings(provider, settings, http)


def compare(ours: Sequence[dict[str, Any]], theirs: Sequence[Taking]) -> list[str]:
    """Sentences: an intent with other totals, money that we know nothing about, and a customer who paid twice."""
    wrong = []
    totals: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    taken: Counter[str] = Counter()
    for taking in theirs:
        captured, refunded = totals[taking.intent_id]
        totals[taking.intent_id] = (captured + taking.captured, refunded + taking.refunded)
        taken[taking.booking_id] += taking.captured
    for payment in ours:
        recorded, real = (payment["captured"], payment["refunded"]), totals.pop(payment["intent_id"], (0, 0))
        if recorded != real:
            wrong.append(f"payment {payment['intent_id']} is {recorded} here and {real} there")
        if payment["ledger_refunded"] != payment["refunded"]:
            wrong.append(f"the ledger of {payment['intent_id']} has refunds of {payment['ledger_refunded']}")
        if taken[payment["booking_id"]] > payment["amount_due"]:
            wrong.append(f"booking {payment['booking_id']} of {payment['amount_due']} was paid twice")
    wrong += [
        f"{intent_id} took {money[0]} and is no payment of ours" for intent_id, money in totals.items() if money[0]
    ]
    return wrong
