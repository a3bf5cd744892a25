"""Instants: aware datetimes in UTC."""

from datetime import UTC, datetime


def as_utc(instant: datetime) -> datetime:
    """``instant`` in UTC. Raises ``ValueError`` for a naive datetime, which names no instant."""
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise ValueError("a naive datetime names no instant")
    return instant.astimezone(UTC)
