"""Input, signals and result of the computation of business days."""

from dataclasses import dataclass
from uuid import UUID

WORKFLOW = "daily-analytics"
DAYS_MARKED = "days_marked"


@dataclass(frozen=True)
class DailyAnalyticsInput:
    """``collect``: first mark the days that ended or changed. False: compute only the days that are already marked."""

    collect: bool = True


@dataclass(frozen=True)
class DaysMarkedInput:
    """More days were marked while the run is computing."""


@dataclass(frozen=True)
class DailyAnalyticsDone:
    """The number of business days computed, and the businesses whose days could not be computed."""

    days: int
    failed: tuple[UUID, ...] = ()
