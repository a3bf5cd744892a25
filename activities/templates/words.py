"""How times, amounts and states are written in each language. Nothing here knows a message."""

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.money import ZERO_DECIMAL

Bilingual = Mapping[str, str]

#: The name that the platform writes under.
PLATFORM = "Omotenashi Connect"

_DAYS_JA = "月火水木金土日"
_DAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SIGNS = {"JPY": "¥", "USD": "US$", "EUR": "€", "GBP": "£", "KRW": "₩"}

# The more particular first: every one of them calls itself Mozilla, and most of them Safari.
_BROWSERS = (
    *(("Line/", "LINE"), ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet")),
    *(("Firefox", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari")),
)
_SYSTEMS = (
    *(("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS X", "Mac")),
    *(("CrOS", "ChromeOS"), ("Linux", "Linux")),
)

LABELS: Mapping[str, Bilingual] = {
    "customer": {"ja": "お客様", "en": "Customer"},
    "code": {"ja": "予約番号", "en": "Confirmation code"},
    "when": {"ja": "日時", "en": "When"},
    "service": {"ja": "メニュー", "en": "Service"},
    "staff": {"ja": "担当", "en": "With"},
    "party": {"ja": "人数", "en": "Party"},
    "total": {"ja": "合計金額（税込）", "en": "Total (tax included)"},
    "payment": {"ja": "お支払い", "en": "Payment"},
    "requests": {"ja": "ご要望", "en": "Requests"},
    "place": {"ja": "場所", "en": "Where"},
}

STATUS: Mapping[str, Bilingual] = {
    "pending": {"ja": "未確定", "en": "pending"},
    "confirmed": {"ja": "確定", "en": "confirmed"},
    "checked_in": {"ja": "ご来店中", "en": "checked in"},
    "completed": {"ja": "完了", "en": "completed"},
    "no_show": {"ja": "ご来店なし", "en": "no-show"},
    "cancelled": {"ja": "キャンセル", "en": "cancelled"},
    "declined": {"ja": "辞退", "en": "declined"},
    "expired": {"ja": "期限切れ", "en": "expired"},
}

#: What a message to the business is about, where it has no text of its own.
EVENTS: Mapping[str, Bilingual] = {
    "booking_requested": {"ja": "申し込み", "en": "request"},
    "booking_confirmed": {"ja": "確定", "en": "confirmed"},
    "booking_reminder": {"ja": "まもなくご来店", "en": "visit ahead"},
    "booking_changed": {"ja": "日時の変更", "en": "new time"},
    "booking_cancelled": {"ja": "キャンセル", "en": "cancelled"},
    "booking_expired": {"ja": "仮押さえの期限切れ", "en": "hold expired"},
    "booking_declined": {"ja": "辞退", "en": "declined"},
    "booking_completed": {"ja": "完了", "en": "completed"},
    "booking_no_show": {"ja": "ご来店なし", "en": "no-show"},
    "payment_received": {"ja": "入金", "en": "payment received"},
    "payment_failed": {"ja": "お支払いの失敗", "en": "payment failed"},
    "payment_refunded": {"ja": "返金", "en": "refunded"},
    "payment_late": {"ja": "期限後の入金", "en": "payment after the hold"},
    "reaccommodation_offered": {"ja": "別の日時のご案内", "en": "another time offered"},
    "reaccommodation_reminder": {"ja": "別の日時のご案内（再送）", "en": "another time offered, reminder"},
    "reaccommodation_decided": {"ja": "日時変更のご案内の結果", "en": "outcome of the offer of another time"},
    "booking_reassigned": {"ja": "担当者の変更", "en": "somebody else serves you"},
    "payment_renew": {"ja": "カードの再登録のお願い", "en": "card must be entered again"},
}


def one_line(value: str) -> str:
    """What people typed, without line breaks and control characters: it can neither add a header nor a paragraph.

    Marks that change the direction of writing go too, because they let a name rewrite what stands behind it.
    """
    kept = "".join(" " if unicodedata.category(sign) in {"Cc", "Cf", "Zl", "Zp"} else sign for sign in value)
    return " ".join(kept.split())


def device(user_agent: str) -> str:
    """``Chrome (Windows)``: as much of a ``User-Agent`` as a person knows of their device; empty for none."""
    names = [next((name for mark, name in marks if mark in user_agent), "") for marks in (_BROWSERS, _SYSTEMS)]
    browser, system = names[0] or one_line(user_agent.partition("/")[0])[:60], names[1]
    return f"{browser} ({system})" if browser and system else browser


def pick(name: Bilingual | None, language: str) -> str:
    """The text in ``language``, else in whichever it is there."""
    if not name:
        return ""
    return one_line(name.get(language) or name.get("ja") or name.get("en") or "")


def money(amount: int, currency: str) -> str:
    """``¥5,000``; two digits where the currency has minor units: ``US$50.00``."""
    sign = _SIGNS.get(currency, f"{currency} ")
    minus, size = ("-", -amount) if amount < 0 else ("", amount)
    if currency in ZERO_DECIMAL:
        return f"{minus}{sign}{size:,}"
    return f"{minus}{sign}{size // 100:,}.{size % 100:02d}"


def day(at: datetime, zone: str, language: str) -> str:
    """``2026年11月21日(土)`` or ``Sat 21 Nov 2026``, at the venue."""
    local = at.astimezone(ZoneInfo(zone))
    if language == "ja":
        return f"{local.year}年{local.month}月{local.day}日({_DAYS_JA[local.weekday()]})"
    return f"{_DAYS_EN[local.weekday()]} {local.day} {_MONTHS_EN[local.month - 1]} {local.year}"


def moment(at: datetime, zone: str, language: str) -> str:
    """``2026年11月21日(土) 14:00`` or ``Sat 21 Nov 2026, 14:00 (Asia/Tokyo)``. Japanese names the zone only where it
    is not Japan's."""
    return day(at, zone, language) + _gap(language) + _clock(at, zone) + _zone(zone, language)


def span(start: datetime, end: datetime, zone: str, language: str) -> str:
    """As ``moment``, with the end: ``2026年11月21日(土) 14:00–15:00``."""
    first, last = day(start, zone, language), day(end, zone, language)
    until = _clock(end, zone) if first == last else last + _gap(language) + _clock(end, zone)
    return f"{first}{_gap(language)}{_clock(start, zone)}–{until}{_zone(zone, language)}"


def _gap(language: str) -> str:
    return " " if language == "ja" else ", "


def _clock(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%H:%M}"


def _zone(zone: str, language: str) -> str:
    return "" if language == "ja" and zone == "Asia/Tokyo" else f" ({zone})"
