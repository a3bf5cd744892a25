"""Formats of dates, times, amounts and names in messages, in Japanese and English.

Times are aware and shown in the venue's zone, with 24 hours and without seconds. A start between midnight and five
o'clock also names the night before, because people who book "Friday night" look for Friday.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from domain.money import ZERO_DECIMAL

_DAYS_JA = "月火水木金土日"
_DAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SIGNS = {"JPY": "¥", "USD": "US$", "EUR": "€", "GBP": "£", "KRW": "₩"}
_NIGHT_ENDS = 5
"""The hour at which late night (深夜) ends in the Labor Standards Act (労働基準法37条)."""


def day(at: datetime, zone: str, language: str) -> str:
    """``2026年11月21日（土）`` or ``Sat 21 Nov 2026``."""
    return _day(_local(at, zone), language)


def moment(at: datetime, zone: str, language: str) -> str:
    """``2026年11月21日（土）14:00`` or ``Sat 21 Nov 2026, 14:00 (Japan time)``.

    Japanese texts name the zone only if it is not Japan's.
    """
    local = _local(at, zone)
    return _day(local, language) + _gap(language) + _clock(local, language) + _notes(local, zone, language)


def span(start: datetime, end: datetime, zone: str, language: str) -> str:
    """As ``moment``, with the end: ``2026年11月21日（土）14:00〜15:00``, past midnight ``23:30〜翌1:30``."""
    first, last = _local(start, zone), _local(end, zone)
    dash = "〜" if language == "ja" else "–"
    until = _clock(last, language)
    if last.date() == first.date() + timedelta(days=1):
        until = f"翌{until}" if language == "ja" else f"{until} next day"
    elif last.date() != first.date():
        until = _short_day(last, language) + _gap(language) + until
    begin = _day(first, language) + _gap(language) + _clock(first, language)
    return f"{begin}{dash}{until}{_notes(first, zone, language)}"


def short(at: datetime, zone: str, language: str) -> str:
    """Without the year, for subjects, deadlines and lists: ``11月21日（土）14:00`` or ``Sat 21 Nov, 14:00``."""
    return short_local(_local(at, zone), language)


def short_local(local: datetime, language: str) -> str:
    """``short`` for a time that already has the venue's offset."""
    return _short_day(local, language) + _gap(language) + _clock(local, language)


def short_day(day: date, language: str) -> str:
    """``11月21日（土）`` or ``Sat 21 Nov``."""
    return _short_day(day, language)


def brief(at: datetime, zone: str, language: str) -> str:
    """The shortest form: ``11/21（土）14:00`` or ``21 Nov, 14:00``."""
    local = _local(at, zone)
    if language == "ja":
        return f"{local.month}/{local.day}（{_DAYS_JA[local.weekday()]}）{_clock(local, language)}"
    return f"{local.day} {_MONTHS_EN[local.month - 1]}, {_clock(local, language)}"


def sms(at: datetime, zone: str, language: str) -> str:
    """For an SMS: ``11/21(土)14:00`` or ``Sat 21 Nov 14:00``; no sign of it costs a longer alphabet in English."""
    local = _local(at, zone)
    if language == "ja":
        return f"{local.month}/{local.day}({_DAYS_JA[local.weekday()]}){_clock(local, language)}"
    return f"{_short_day(local, language)} {_clock(local, language)}"


def clock(at: datetime, zone: str, language: str) -> str:
    """``14:00``, for a time of today."""
    return _clock(_local(at, zone), language)


def duration(minutes: int, language: str) -> str:
    """``60分``, ``1時間30分``; ``60 min``, ``1 h 30 min``. Up to an hour in minutes."""
    hours, rest = divmod(minutes, 60)
    parts = [(hours, "時間", " h"), (rest, "分", " min")] if minutes > 60 else [(minutes, "分", " min")]
    japanese = language == "ja"
    return ("" if japanese else " ").join(f"{n}{ja if japanese else en}" for n, ja, en in parts if n or len(parts) == 1)


def wait(seconds: int, language: str) -> str:
    """How long to wait, rounded up: ``45秒``, ``12分``, ``2時間``; ``45 seconds``, ``1 minute``, ``2 hours``."""
    seconds = max(seconds, 1)
    for size, ja, en in ((3600, "時間", "hour"), (60, "分", "minute"), (1, "秒", "second")):
        if seconds > size or size == 1 or seconds == size:
            number = -(-seconds // size)
            return f"{number}{ja}" if language == "ja" else f"{number} {en}{'' if number == 1 else 's'}"
    raise AssertionError("the shortest wait is one second")


def money(amount: int, currency: str, language: str) -> str:
    """``amount`` in minor units: ``5,000円`` or ``¥5,000``; with two decimals if the currency has minor units."""
    minus, size = ("-", -amount) if amount < 0 else ("", amount)
    if currency == "JPY" and language == "ja":
        return f"{minus}{size:,}円"
    sign = _SIGNS.get(currency, f"{currency} ")
    if currency in ZERO_DECIMAL:
        return f"{minus}{sign}{size:,}"
    return f"{minus}{sign}{size // 100:,}.{size % 100:02d}"


def taxed(amount: int, currency: str, language: str) -> str:
    """``5,000円（税込）`` or ``¥5,000 (tax included)``."""
    return money(amount, currency, language) + ("（税込）" if language == "ja" else " (tax included)")


def full_name(family: str, given: str, language: str) -> str:
    """``田中 太郎`` or ``Taro Tanaka``; only one part, or nothing, if the rest is unknown."""
    parts = (family, given) if language == "ja" else (given, family)
    return " ".join(part for part in parts if part)


def salutation(name: str, language: str) -> str:
    """The first line of a message: ``田中 太郎 様``, ``Dear Taro Tanaka,``; without a name ``お客様``, ``Hello,``."""
    if language == "ja":
        return f"{name} 様" if name else "お客様"
    return f"Dear {name}," if name else "Hello,"


def _local(at: datetime, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zone))


def _day(local: date, language: str) -> str:
    return f"{local.year}年{_short_day(local, 'ja')}" if language == "ja" else f"{_short_day(local, 'en')} {local.year}"


def _short_day(local: date, language: str) -> str:
    if language == "ja":
        return f"{local.month}月{local.day}日（{_DAYS_JA[local.weekday()]}）"
    return f"{_DAYS_EN[local.weekday()]} {local.day} {_MONTHS_EN[local.month - 1]}"


def _clock(local: datetime, language: str) -> str:
    return f"{local.hour}:{local.minute:02d}" if language == "ja" else f"{local:%H:%M}"


def _gap(language: str) -> str:
    return "" if language == "ja" else ", "


def _notes(local: datetime, zone: str, language: str) -> str:
    """The text in brackets after a time: the night before, and the zone."""
    notes = [note for note in (_night(local, language), _zone(zone, language)) if note]
    if language == "ja":
        return "".join(f"（{note}）" for note in notes)
    return f" ({', '.join(notes)})" if notes else ""


def _night(local: datetime, language: str) -> str:
    if local.hour >= _NIGHT_ENDS:
        return ""
    before = local.date() - timedelta(days=1)
    if language == "en":
        return f"the night of {_short_day(before, 'en')}"
    if before.month == local.month:
        return f"{before.day}日（{_DAYS_JA[before.weekday()]}）の深夜"
    return f"{_short_day(before, 'ja')}の深夜"


def _zone(zone: str, language: str) -> str:
    if zone == "Asia/Tokyo":
        return "" if language == "ja" else "Japan time"
    place = zone.rpartition("/")[2].replace("_", " ")
    if place == "UTC":
        return "UTC"
    return f"{place}時間" if language == "ja" else f"{place} time"
