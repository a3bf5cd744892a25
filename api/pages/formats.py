"""Dates, times and amounts as pages show them. The formats are those of the messages (`domain.messages.formats`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from domain.messages import formats
from runtime import phone_numbers

_WEEKDAYS = {"ja": "月火水木金土日", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@dataclass(frozen=True, slots=True)
class Formats:
    """``language`` is ``ja`` or ``en``. Times come as the API writes them: RFC 3339 with the venue's offset."""

    language: str

    def money(self, value: Mapping[str, Any]) -> str:
        """``5,000円`` or ``¥5,000``, of an amount as the API writes it."""
        return formats.money(value["amount"], value["currency"], self.language)

    def taxed(self, value: Mapping[str, Any]) -> str:
        """With ``（税込）`` or ``(tax included)``."""
        return formats.taxed(value["amount"], value["currency"], self.language)

    def duration(self, minutes: int) -> str:
        """``1時間30分`` or ``1 h 30 min``."""
        return formats.duration(minutes, self.language)

    def moment(self, at: str, zone: str) -> str:
        """Day and time with the year."""
        return formats.moment(datetime.fromisoformat(at), zone, self.language)

    def span(self, start: str, end: str, zone: str) -> str:
        """Day, and from when to when."""
        return formats.span(datetime.fromisoformat(start), datetime.fromisoformat(end), zone, self.language)

    def short(self, at: str) -> str:
        """Day and time without the year, in the offset that the text has."""
        return formats.short_local(datetime.fromisoformat(at), self.language)

    def clock(self, at: str, day: date | None = None) -> str:
        """``14:00``. Seen from business day ``day`` it counts on in the night after it: ``25:00``."""
        local = datetime.fromisoformat(at)
        nights = 0 if day is None else (local.date() - day).days
        return f"{local.hour + 24 * nights:02d}:{local.minute:02d}"

    def phone(self, number: str, as_typed: str | None = None) -> str:
        """``03-5550-0123`` or ``+81 3-5550-0123``, of an E.164 number."""
        return phone_numbers.shown(number, as_typed or "", self.language)

    def day(self, day: date) -> str:
        """``11月21日（土）`` or ``Sat 21 Nov``."""
        return formats.short_day(day, self.language)

    def dated(self, day: date) -> str:
        """``2026年11月21日`` or ``21 Nov 2026``."""
        if self.language == "ja":
            return f"{day.year}年{day.month}月{day.day}日"
        return f"{day.day} {_MONTHS[day.month - 1][:3]} {day.year}"

    def hours(self, hours: int) -> str:
        """How long before a visit: ``3日`` or ``3 days`` where it is whole days, else hours."""
        days = hours // 24 if hours % 24 == 0 else 0
        if self.language == "ja":
            return f"{days}日" if days else f"{hours}時間"
        number, unit = (days, "day") if days else (hours, "hour")
        return f"{number} {unit}{'' if number == 1 else 's'}"

    def month(self, text: str) -> str:
        """``2026年11月`` or ``November 2026``, of ``2026-11``."""
        year, month = int(text[:4]), int(text[5:7])
        return f"{year}年{month}月" if self.language == "ja" else f"{_MONTHS[month - 1]} {year}"

    def weekday(self, day: date) -> str:
        """``土`` or ``Sat``."""
        return _WEEKDAYS[self.language][day.weekday()]

    def text(self, value: Mapping[str, Any] | None) -> str:
        """A bilingual text in the page's language, else in the other one."""
        if value is None:
            return ""
        return value.get(self.language) or value.get("ja") or value.get("en") or ""
