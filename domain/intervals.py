"""Half-open time ranges ``[start, end)`` on aware instants: what ends at ten does not touch what starts at ten."""

from dataclasses import dataclass
from datetime import UTC, datetime

from domain.errors import InvalidInput


def as_utc(instant: datetime) -> datetime:
    """``instant`` in UTC. Raises ``ValueError`` for a naive one, which says nothing about when it is."""
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise ValueError("a naive datetime is no instant")
    return instant.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Interval:
    """``[start, end)``, kept in UTC. Raises ``InvalidInput`` unless it ends after it starts."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        # Two times of one zone compare by their wall clocks, which is wrong across a clock change; UTC has none.
        object.__setattr__(self, "start", as_utc(self.start))
        object.__setattr__(self, "end", as_utc(self.end))
        if self.end <= self.start:
            raise InvalidInput.at("end", "after_start")

    def overlaps(self, other: "Interval") -> bool:
        """True when at least one instant lies in both, as ``&&`` on two ranges in Postgres."""
        return self.start < other.end and other.start < self.end

    def contains(self, other: "Interval") -> bool:
        """True when every instant of ``other`` lies in this."""
        return self.start <= other.start and other.end <= self.end

    def __contains__(self, instant: datetime) -> bool:
        return self.start <= as_utc(instant) < self.end
