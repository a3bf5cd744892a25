"""The timeline of a booking: which of its recorded entries a reader sees, and in which order. Pure.

The customer reads the short form: events of the booking, payments and refunds, and messages.
Staff read everything, with the names of people and the references at the provider.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain.bookings.undo import SETTLED, UNDONE
from domain.messages.kinds import NoticeStatus
from domain.payments.status import Phase


class Source(StrEnum):
    """Where an entry was recorded. Entries of one moment are in this order."""

    BOOKING = "booking"
    MONEY = "money"
    PROVIDER = "provider"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One recorded entry. ``event`` is its name within its source: the booking's event, the movement and its
    phase (``capture.succeeded``), the provider's own name, or the kind of the message and its state.

    ``actor_name`` is None for those without a login. ``amount`` in minor units of ``currency``. ``reference``: the id
    at the provider. ``to_business``: a message that the business received.
    """

    at: datetime
    source: Source
    event: str
    actor_kind: str | None = None
    actor_name: str | None = None
    reason: str | None = None
    amount: int | None = None
    currency: str | None = None
    reference: str | None = None
    to_business: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)


#: Events of the booking's history that a customer does not read: work inside the business.
INSIDE = frozenset({"reassigned", "overbooked", SETTLED, "awaiting_approval"})
_SENT = frozenset({NoticeStatus.SENT.value, NoticeStatus.DELIVERED.value})
_ORDER = list(Source)


def visible_entries(entries: Iterable[TimelineEntry], for_staff: bool) -> list[TimelineEntry]:
    """The entries that the reader sees, oldest first."""
    ordered = sorted(entries, key=lambda entry: (entry.at, _ORDER.index(entry.source)))
    if for_staff:
        return ordered
    return [entry for entry in _without_undone(ordered) if _is_for_customer(entry)]


def _is_for_customer(entry: TimelineEntry) -> bool:
    if entry.source is Source.BOOKING:
        return entry.event not in INSIDE
    if entry.source is Source.MONEY:
        return entry.event.endswith(f".{Phase.SUCCEEDED}") and bool(entry.amount)
    if entry.source is Source.MESSAGE:
        return not entry.to_business and entry.event.rpartition(".")[2] in _SENT
    return False


def _without_undone(ordered: list[TimelineEntry]) -> list[TimelineEntry]:
    """Without the steps that staff undid, and without the undoing: for the customer they did not happen."""
    left: list[TimelineEntry] = []
    for entry in ordered:
        if entry.source is not Source.BOOKING or entry.event != UNDONE:
            left.append(entry)
            continue
        steps = [index for index, one in enumerate(left) if one.source is Source.BOOKING]
        if steps:
            del left[steps[-1]]
    return left
