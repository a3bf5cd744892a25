"""The notices that a change of a booking queues."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from db.messages.notices import QueuedNotice
from domain.messages.kinds import NoticeKind


@dataclass(frozen=True, slots=True)
class Message:
    """A notice that a change queues. ``key`` distinguishes it from others of its kind for the same booking. It is
    not sent before ``not_before``."""

    kind: NoticeKind
    facts: Mapping[str, Any] = field(default_factory=dict)
    to_business: bool = False
    key: str = ""
    not_before: datetime | None = None


def queued(booking_id: UUID, business_id: UUID, message: Message) -> QueuedNotice:
    """The message as it is queued, once for one booking and ``key``."""
    parts = [message.kind.value, str(booking_id), *(["business"] if message.to_business else []), message.key]
    return QueuedNotice(
        message.kind,
        booking_id,
        business_id,
        ":".join(part for part in parts if part),
        message.facts,
        "business" if message.to_business else "customer",
        message.not_before,
    )
