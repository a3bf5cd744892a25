"""Input, signals and result of the computation of business days."""

from dataclasses import dataclass
from uuid import UUID

WORKFLOW = "daily-analytics"
DAYS_MARKED = "days_marked"


@dataclass(frozen=True)
class DailyAnalyticsInput:
    """``collect``: first look for days that ended or changed; False: only days that somebody marked are computed."""

    collect: bool = True


@dataclass(frozen=True)
class DaysMarkedInput:
    """More days were marked while the run computes."""


@dataclass(frozen=True)
class DailyAnalyticsDone:
    """Business days that were computed, and the businesses whose days could not be."""

    days: int
    failed: tuple[UUID, ...] = ()
