"""The strip of days and the times of one day to which a booking can be moved, for customers and for staff."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from api.pages.booking.choose import day_parts
from api.pages.booking.days import Strip

#: The address for a query, such as ``day="2026-11-21"``.
Address = Callable[..., str]


def times_to_move(starts: Sequence[Mapping[str, Any]], day: date, strip: Strip, address: Address) -> Mapping[str, Any]:
    """The variables of ``parts.strip`` and ``parts.times``."""
    return {
        "day": day,
        "strip": [
            {"date": one, "left": _count(starts, one), "address": address(day=one.isoformat())} for one in strip.days
        ],
        "times": day_parts(
            [one for one in starts if one["start_at"][:10] == day.isoformat()], lambda at: address(start=at)
        ),
        "earlier": address(day=strip.earlier.isoformat()) if strip.earlier else None,
        "later": address(day=strip.later.isoformat()),
        "next_free": _next(starts, day, address),
    }


def _count(starts: Sequence[Mapping[str, Any]], day: date) -> int:
    return sum(one["start_at"][:10] == day.isoformat() for one in starts)


def _next(starts: Sequence[Mapping[str, Any]], day: date, address: Address) -> Mapping[str, str] | None:
    later = next((one["start_at"] for one in starts if one["start_at"][:10] > day.isoformat()), None)
    return {"start_at": later, "address": address(day=later[:10])} if later else None
