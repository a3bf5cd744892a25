"""Instants: aware datetimes in UTC."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def as_utc(instant: datetime) -> datetime:
    """``instant`` in UTC. Raises ``ValueError`` for a naive datetime, which names no instant."""
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise ValueError("a naive datetime names no instant")
    return instant.astimezone(UTC)


def text_at_venue(instant: datetime, zone: ZoneInfo | str) -> str:
    """``instant`` as RFC 3339 text with the offset that ``zone`` (an IANA name) has then. The details of refusals are
    written so, because people read them at the venue's time."""
    return instant.astimezone(zone if isinstance(zone, ZoneInfo) else ZoneInfo(zone)).isoformat()
