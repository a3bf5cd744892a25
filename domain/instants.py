"""Instants: aware datetimes in UTC."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def as_utc(instant: datetime) -> datetime:
    """``instant`` in UTC. Raises ``ValueError`` for a naive datetime, which is not an instant."""
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise ValueError("a naive datetime is not an instant")
    return instant.astimezone(UTC)


def text_at_venue(instant: datetime, zone: ZoneInfo | str) -> str:
    """``instant`` as RFC 3339 text with the offset of ``zone`` (an IANA name) at that time. Details of refusals use it,
    because people think in the venue's time. An offset of zero is ``Z``, as in the answers of models."""
    local = instant.astimezone(zone if isinstance(zone, ZoneInfo) else ZoneInfo(zone))
    return local.isoformat().removesuffix("+00:00") + ("" if local.utcoffset() else "Z")
