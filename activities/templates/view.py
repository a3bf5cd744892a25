"""The variables of templates: the content of a message in its language."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from activities.templates import rows, terms, words
from activities.templates.words import one_line, pick
from db.messages.notices import NoticeContent
from domain.booking_status import LIVE, BookingStatus
from domain.messages import formats
from domain.messages.kinds import NoticeKind
from domain.payments.without_card import AUTHENTICATION
from domain.platform.actor import ActorKind

_BY_BUSINESS = frozenset({ActorKind.STAFF, ActorKind.ADMIN})


def variables(content: NoticeContent, now: datetime) -> dict[str, Any]:
    """All variables. Each exists for every message and is empty where it does not apply, so that an unknown name in a
    template fails a test instead of leaving a gap in the text."""
    language = content.language
    return {
        "business": pick(content.business_name, language),
        "customer": rows.customer_name(content) or ("お客" if language == "ja" else "a customer"),
        "service": rows.listed((pick(item.name, language) for item in content.items), language),
        "staff": rows.listed((pick(name, language) for name in content.staff), language),
        "reach": _reach(content),
        "reason": one_line(content.cancellation_reason or ""),
        "event": pick(words.EVENTS[content.kind], language),
        "status": pick(words.STATUS[content.booking_status], language),
        "status_code": content.booking_status,
        "needs_approval": content.needs_approval,
        "has_terms": bool(terms.terms(content)),
        "by_voucher": content.by_voucher,
        "refund_to": pick(words.REFUND_TO[content.by_voucher], language),
        "codes": _codes(content),
        **_times(content, now),
        **_amounts(content, now),
        **_causes(content),
    }


def greeting(content: NoticeContent) -> str:
    """The greeting of a customer; a message to a business has none."""
    if content.audience == "business":
        return ""
    # Nobody has proven that the typed name belongs to the typed address, so the name is not sent there.
    name = "" if content.kind == NoticeKind.BOOKING_PROOF else rows.customer_name(content)
    return formats.salutation(name, content.language)


def contact(content: NoticeContent) -> list[str]:
    """Contact lines for a customer: phone and e-mail of the business."""
    if content.audience == "business":
        return []
    labels, language = words.LABELS, content.language
    colon = "：" if language == "ja" else ": "
    known = (("phone", rows.business_phone(content)), ("email", one_line(content.business_email or "")))
    return [
        pick(content.business_name, language),
        *(f"{labels[key][language]}{colon}{value}" for key, value in known if value),
    ]


def calendar_notes(content: NoticeContent, url: str) -> str:
    """The description of the calendar event: booking number, phone, and the link to the booking."""
    labels, language = words.LABELS, content.language
    colon = "：" if language == "ja" else ": "
    known = (("code", content.code), ("phone", rows.business_phone(content)))
    return "\n".join([*(f"{labels[key][language]}{colon}{value}" for key, value in known if value), url])


def _times(content: NoticeContent, now: datetime) -> dict[str, Any]:
    language, zone = content.language, content.time_zone
    facts = _Facts(content.facts, content)
    pending = content.booking_status == BookingStatus.PENDING
    old_start, decide_by, free = facts.time("old_start"), facts.time("decide_by"), terms.free_until(content, now)

    def short(at: datetime | None) -> str:
        return formats.short(at, zone, language) if at else ""

    def brief(at: datetime | None) -> str:
        return formats.brief(at, zone, language) if at else ""

    return {
        "start": formats.moment(content.start_at, zone, language),
        "short": short(content.start_at),
        "brief": brief(content.start_at),
        "old_start": formats.moment(old_start, zone, language) if old_start else "",
        "old_short": short(old_start),
        "old_brief": brief(old_start),
        "approval_deadline": short(content.approval_deadline),
        "proof_deadline": short(content.proof_deadline),
        "hold_until": short(content.hold_expires_at) if pending else "",
        "decide_by": short(decide_by),
        "decide_by_brief": brief(decide_by),
        "pay_until": short(facts.time("pay_until")),
        "answer_by": short(facts.time("answer_by")),
        "free_until": short(free),
        "alternatives": [short(one) for one in facts.times("alternatives")],
        "series": [short(starts) for starts, _ in facts.series()],
        "moves": [(short(old), short(starts)) for starts, old in facts.series() if old],
    }


def _amounts(content: NoticeContent, now: datetime) -> dict[str, Any]:
    currency, language = content.currency, content.language
    facts, fee = _Facts(content.facts, content), terms.fee_now(content, now)
    net = content.captured - content.refunded
    return {
        "price": formats.money(content.price, currency, language),
        "amount_due": content.amount_due,
        "captured": net,
        "paid": formats.money(net, currency, language),
        "authorized": formats.money(content.authorized, currency, language) if content.authorized else "",
        "refunded": formats.money(content.refunded, currency, language),
        "amount": facts.amount("amount"),
        "charge": facts.amount("charge"),
        "penalty": facts.amount("penalty"),
        "no_penalty": facts.is_zero("penalty"),
        "refund": facts.amount("refund"),
        "release": facts.amount("release"),
        "fee_now": formats.money(fee, currency, language) if fee else "",
    }


def _causes(content: NoticeContent) -> dict[str, Any]:
    facts = _Facts(content.facts, content)
    by_business = facts.flag("by_business", content.cancelled_by in _BY_BUSINESS)
    return {
        "by_business": by_business,
        "cause": str(content.facts.get("cause") or ("business" if by_business else "customer")),
        "outcome": str(content.facts.get("outcome", "")),
        "removal": pick(words.REMOVALS.get(str(content.facts.get("cause", ""))), content.language),
        "authenticates": content.facts.get("reason") == AUTHENTICATION,
        "cancels": facts.flag("cancels", False),
        "reinstated": facts.flag("reinstated", content.booking_status in LIVE),
    }


def _codes(content: NoticeContent) -> list[tuple[str, str, str]]:
    """Store, payment code and confirmation number of each chain. A chain that is new to us has the provider's name."""
    return [
        (pick(words.STORES.get(store, {"ja": store, "en": store}), content.language), str(code), str(number or ""))
        for store, code, number in content.facts.get("codes") or ()
    ]


def _reach(content: NoticeContent) -> str:
    """How to contact the business, to be put after "please" or at the end of a Japanese sentence."""
    number, japanese = rows.business_phone(content), content.language == "ja"
    if number:
        return f"{number}までお電話ください" if japanese else f"call {number}"
    if content.business_email:
        return "このメールにご返信ください" if japanese else "reply to this e-mail"
    return "お店までご連絡ください" if japanese else "contact the business"


class _Facts:
    """The facts of a message, parsed from JSON: an amount is a number or digits, a time is RFC 3339."""

    def __init__(self, facts: Mapping[str, Any], content: NoticeContent) -> None:
        self._facts = facts
        self._content = content

    def amount(self, name: str) -> str:
        """Empty for 0 and for a missing fact; ``is_zero`` is true for 0 only."""
        value = int(self._facts.get(name) or 0)
        return formats.money(value, self._content.currency, self._content.language) if value else ""

    def is_zero(self, name: str) -> bool:
        """The amount is known and is 0."""
        value = self._facts.get(name)
        return value is not None and int(value) == 0

    def time(self, name: str) -> datetime | None:
        value = self._facts.get(name)
        return datetime.fromisoformat(str(value)).astimezone(UTC) if value else None

    def times(self, name: str) -> list[datetime]:
        """Empty for a missing fact."""
        return [datetime.fromisoformat(str(value)).astimezone(UTC) for value in self._facts.get(name) or ()]

    def series(self) -> list[tuple[datetime, datetime | None]]:
        """The starts of the bookings of a series, and where they were moved the earlier ones."""
        listed = self._facts.get("series") or ()
        return [(_instant(one[1]), _instant(one[4]) if len(one) > 4 and one[4] else None) for one in listed]

    def flag(self, name: str, otherwise: bool) -> bool:
        """``otherwise`` for a missing fact."""
        return bool(self._facts.get(name, otherwise))


def _instant(value: object) -> datetime:
    return datetime.fromisoformat(str(value)).astimezone(UTC)
