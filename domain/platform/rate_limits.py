"""Rate limits: the rules, independent of where the counts are stored.

A window slides: it is cut into :data:`BUCKETS` buckets, and a request counts until its whole bucket has left the
window. So there are never more requests than the limit in any period, and a request is allowed again at most a sixtieth
of the period too late.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

#: The number of buckets of a window.
BUCKETS = 60

_RATE = re.compile(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,5})(s|m|h)")
_UNITS = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1)}


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most ``limit`` requests in any ``period``."""

    limit: int
    period: timedelta

    @classmethod
    def parse(cls, written: str) -> "RateLimit":
        """Parse ``5/15m``: five in fifteen minutes; units are s, m and h. Raises ValueError."""
        match = _RATE.fullmatch(written)
        if match is None:
            raise ValueError("a rate is written <requests>/<number><s|m|h>, for example 5/15m")
        limit, number, unit = match.groups()
        return cls(int(limit), int(number) * _UNITS[unit])


@dataclass(frozen=True, slots=True)
class Window:
    """At most ``limit`` requests of ``subject`` in ``period``."""

    subject: str
    limit: int
    period: timedelta

    @property
    def bucket_milliseconds(self) -> int:
        """The length of a bucket, rounded up: a window is never shorter than its period."""
        return max(1, -(-(self.period // timedelta(milliseconds=1)) // BUCKETS))


@dataclass(frozen=True, slots=True)
class LimitResult:
    """The count of one window. ``left`` after this request, never below 0; ``resets_in``: until the window allows more
    requests; ``allowed``: this request is within the limit."""

    allowed: bool
    left: int
    resets_in: timedelta


def evaluate_limits(windows: Sequence[Window], before: Sequence[int], resets: Sequence[int]) -> list[LimitResult]:
    """The results, from the counts before this request and the milliseconds until more requests are allowed. A request
    that one window refuses is counted in none."""
    refused = any(counted >= window.limit for counted, window in zip(before, windows, strict=True))
    return [
        LimitResult(
            allowed=counted < window.limit,
            left=max(0, window.limit - counted - (0 if refused else 1)),
            resets_in=timedelta(milliseconds=reset),
        )
        for counted, reset, window in zip(before, resets, windows, strict=True)
    ]
