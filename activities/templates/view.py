"""What a text may use: the content of a message, written out in its language."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from activities.templates import words
from activities.templates.words import LABELS, moment, money, one_line, pick, span
from db.messages.notices import NoticeContent
from domain.bookings.status import LIVE, BookingStatus
from domain.catalogue.cancellation import Policy
from domain.identity.actor import ActorKind
from domain.messages.kinds import NoticeKind
from domain.payments.status import PaymentMode

#: Where the customer should read again what a cancellation costs.
_WITH_POLICY = frozenset(
    {
        NoticeKind.BOOKING_REQUESTED,
        NoticeKind.BOOKING_CONFIRMED,
        NoticeKind.BOOKING_CHANGED,
        NoticeKind.BOOKING_REMINDER,
    }
)
_BY_BUSINESS = frozenset({ActorKind.STAFF, ActorKind.ADMIN})


def variables(content: NoticeContent) -> dict[str, Any]:
    """Everything a text can name. Each is there for every message; what does not apply is empty, so that a text that
    asks for a name nobody knows fails its test instead of sending a gap."""
    language, zone, currency = content.language, content.time_zone, content.currency
    facts = _Facts(content.facts, currency)
    status = BookingStatus(content.booking_status)
    deadline, hold = content.approval_deadline, content.hold_expires_at
    old_start, decide_by = facts.time("old_start"), facts.time("decide_by")
    return {
        "business": pick(content.business_name, language),
        "customer": _customer(content),
        "day": words.day(content.start_at, zone, language),
        "start": moment(content.start_at, zone, language),
        "old_start": moment(old_start, zone, language) if old_start else "",
        "approval_deadline": moment(deadline, zone, language) if deadline else "",
        "hold_until": moment(hold, zone, language) if hold and status is BookingStatus.PENDING else "",
        "decide_by": moment(decide_by, zone, language) if decide_by else "",
        "alternatives": [moment(one, zone, language) for one in facts.times("alternatives")],
        "outcome": str(content.facts.get("outcome", "")),
        "price": money(content.price, currency),
        "amount": facts.amount("amount"),
        "captured": content.captured,
        "paid": money(content.captured, currency),
        "refunded": money(content.refunded, currency),
        "penalty": facts.amount("penalty"),
        "refund": facts.amount("refund"),
        "by_business": facts.flag("by_business", content.cancelled_by in _BY_BUSINESS),
        "retaken": facts.flag("retaken", status in LIVE),
        "confirmed": facts.flag("confirmed", status is BookingStatus.CONFIRMED),
        "event": pick(words.EVENTS[content.kind], language),
        "status": pick(words.STATUS[content.booking_status], language),
    }


def greeting(content: NoticeContent) -> str:
    """How the recipient is addressed."""
    business = pick(content.business_name, content.language)
    if content.audience == "business":
        return f"{business} ご担当者様" if content.language == "ja" else f"Dear team of {business},"
    name = _customer(content)
    if content.language == "ja":
        return f"{name} 様" if name else "お客様"
    return f"Dear {name}," if name else "Dear customer,"


def details(content: NoticeContent) -> list[tuple[str, str]]:
    """The booking in rows of label and value; rows without a value are left out."""
    language, zone, currency = content.language, content.time_zone, content.currency
    to_business = content.audience == "business"
    party = f"{content.party_size}名様" if language == "ja" else str(content.party_size)
    rows = {
        "customer": _customer(content) if to_business else "",
        "code": content.code,
        "when": span(content.start_at, content.end_at, zone, language),
        "service": (" / " if language == "en" else "／").join(pick(item.name, language) for item in content.items),
        "staff": _list((pick(name, language) for name in content.staff), language),
        "party": party if content.party_size > 1 else "",
        "total": money(content.price, currency) if content.price else "",
        "payment": _payment(content) if content.booking_status in LIVE else "",
        "requests": one_line(content.special_requests or "") if to_business else "",
        "place": "" if to_business else _place(content),
    }
    return [(LABELS[key][language], value) for key, value in rows.items() if value]


def policy(content: NoticeContent) -> list[str]:
    """What a cancellation costs, as agreed, one line per tier; nothing where it does not matter any more."""
    if content.audience == "business" or content.kind not in _WITH_POLICY:
        return []
    agreed, japanese = Policy.from_json(content.policy), content.language == "ja"
    lines: list[str] = []
    for position, tier in enumerate(agreed.tiers):
        last, first = position == len(agreed.tiers) - 1, position == 0
        if last:
            when = ("いつでも" if first else "それ以降") if japanese else ("At any time" if first else "Later")
        else:
            before = _before(tier.hours_before, japanese)
            when = f"{before}まで" if japanese else f"Until {before}"
        lines.append(f"{when}{'：' if japanese else ': '}{_percent(tier.penalty_percent, japanese)}")
    if not agreed.tiers:
        lines.append("キャンセルはいつでも無料です" if japanese else "Cancelling is free at any time")
    no_show = _percent(agreed.no_show_percent, japanese)
    lines.append(f"ご連絡のない場合：{no_show}" if japanese else f"Not coming without notice: {no_show}")
    return lines


def signature(content: NoticeContent) -> list[str]:
    """Who the message is from, and where to ask; the answer to this message reaches nobody."""
    address = content.business_email if content.audience == "customer" else None
    lines = [pick(content.business_name, content.language), _place(content), content.business_phone, address]
    return [one_line(line) for line in lines if line]


class _Facts:
    """The facts of a promise, as they come out of JSON: an amount may be a number or digits, a time is RFC 3339."""

    def __init__(self, facts: Mapping[str, Any], currency: str) -> None:
        self._facts = facts
        self._currency = currency

    def amount(self, name: str) -> str:
        """Empty for nothing and for 0."""
        value = int(self._facts.get(name) or 0)
        return money(value, self._currency) if value else ""

    def time(self, name: str) -> datetime | None:
        value = self._facts.get(name)
        return datetime.fromisoformat(str(value)).astimezone(UTC) if value else None

    def times(self, name: str) -> list[datetime]:
        """Empty for nothing."""
        return [datetime.fromisoformat(str(value)).astimezone(UTC) for value in self._facts.get(name) or ()]

    def flag(self, name: str, otherwise: bool) -> bool:
        """``otherwise`` where the promise does not say."""
        return bool(self._facts.get(name, otherwise))


def _customer(content: NoticeContent) -> str:
    names = [one_line(content.family_name), one_line(content.given_name)]
    return " ".join(name for name in (names if content.language == "ja" else names[::-1]) if name)


def _place(content: NoticeContent) -> str:
    address = pick(content.business_address, content.language)
    code = one_line(content.postal_code or "")
    if not code or not address:
        return address
    return f"〒{code} {address}" if content.language == "ja" else f"{address}, {code}"


def _payment(content: NoticeContent) -> str:
    japanese, mode = content.language == "ja", PaymentMode(content.payment_mode)
    due, rest = (money(amount, content.currency) for amount in (content.amount_due, content.price - content.amount_due))
    if not content.price:
        return ""
    if not content.amount_due:
        return "当日、現地でお支払い" if japanese else "at the venue"
    if mode is PaymentMode.PREPAY:
        return f"事前決済 {due}" if japanese else f"{due} in advance"
    if mode is PaymentMode.DEPOSIT:
        return f"ご予約金 {due}（残額 {rest} は当日）" if japanese else f"{due} deposit, {rest} at the venue"
    return f"カードの与信枠を確保 {due}" if japanese else f"{due} held on your card"


def _before(hours: int, japanese: bool) -> str:
    days, odd = divmod(hours, 24)
    if days and not odd:
        return f"ご予約時刻の{days}日前" if japanese else f"{days} day{'s' if days > 1 else ''} before the start"
    return f"ご予約時刻の{hours}時間前" if japanese else f"{hours} hour{'s' if hours != 1 else ''} before the start"


def _percent(percent: int, japanese: bool) -> str:
    if percent == 0:
        return "無料" if japanese else "free"
    return f"料金の{percent}%" if japanese else f"{percent}% of the price"


def _list(names: Any, language: str) -> str:
    return ("、" if language == "ja" else ", ").join(name for name in names if name)
