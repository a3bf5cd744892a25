"""What a visitor agrees to, as the last screen shows it before booking: amount, time and means of payment, cancellation
terms (特定商取引法12条の6). The amounts are those of the rule that a booking uses (`domain.bookings.agreement`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain.bookings.agreement import Agreement, ServiceOffer, agree
from domain.catalogue.cancellation import Policy, Tier
from domain.messages.formats import short
from domain.money import Money
from domain.payments.status import PaymentMode


def agreement(services: Sequence[Mapping[str, Any]], party: int) -> Agreement:
    """The terms of these services for so many people."""
    return agree([_offer(one) for one in services], party)


def _offer(service: Mapping[str, Any]) -> ServiceOffer:
    deposit = service["deposit_amount"]
    return ServiceOffer(
        price=Money(service["price"]["amount"], service["price"]["currency"]),
        mode=PaymentMode(service["payment_mode"]),
        policy=policy_of(service["policy"]),
        capacity=service["capacity"],
        deposit_percent=service["deposit_percent"],
        deposit_amount=deposit["amount"] if isinstance(deposit, Mapping) else deposit,
        is_approved_by_hand=service["approval_mode"] == "manual",
    )


def policy_of(read: Mapping[str, Any] | None) -> Policy:
    """The policy of an answer of the API; without one, cancelling is free."""
    if read is None:
        return Policy((), 0)
    tiers = tuple(Tier(one["hours_before"], one["penalty_percent"]) for one in read["tiers"])
    return Policy(tiers, read["no_show_percent"])


def money(value: Money) -> Mapping[str, Any]:
    """As the API writes it, for the templates."""
    return {"amount": value.amount, "currency": value.currency}


@dataclass(frozen=True, slots=True)
class Visit:
    """When and where: ``start`` is aware, ``zone`` an IANA name, ``now`` aware UTC."""

    start: datetime
    zone: str
    now: datetime


def lines(terms: Agreement, visit: Visit, language: str) -> list[Mapping[str, Any]]:
    """The cancellation terms as keys of sentences with their values: deadlines as points in time, percentages with
    amounts. Deadlines that have passed are left out. Without an online payment nothing is ever charged, and no fee is
    higher than that payment, which is all that the platform can charge."""
    policy, price, due = terms.policy, terms.dues.price, terms.dues.online.amount
    if not due:
        return [{"key": "terms_venue"}]
    found: list[Mapping[str, Any]] = []

    def fee(percent: int) -> Mapping[str, Any]:
        return {"amount": min(price.amount * percent // 100, due), "currency": price.currency}

    open_tiers = [one for one in policy.tiers[:-1] if visit.start - timedelta(hours=one.hours_before) > visit.now]
    for tier in open_tiers:
        until = short(visit.start - timedelta(hours=tier.hours_before), visit.zone, language)
        key = "terms_until" if tier.penalty_percent else "terms_free"
        found.append({"key": key, "until": until, "percent": tier.penalty_percent, "fee": fee(tier.penalty_percent)})
    last = policy.tiers[-1].penalty_percent if policy.tiers else 0
    only = not open_tiers
    key = ("terms_always" if only else "terms_after") + ("" if last else "_free")
    found.append({"key": key, "percent": last, "fee": fee(last)})
    found.append({"key": "terms_no_show", "percent": policy.no_show_percent, "fee": fee(policy.no_show_percent)})
    return found
