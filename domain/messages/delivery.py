"""Reports of the provider's webhooks about messages, in any order and any number of times. Pure rules."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.messages.kinds import Channel, NoticeStatus


class DeliveryEvent(StrEnum):
    """The outcome of an accepted message."""

    PROCESSED = "processed"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    DROPPED = "dropped"
    DEFERRED = "deferred"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """One event of a verified webhook; ``id`` is the provider's and is used to apply it once. ``notice_id`` is the id
    that was sent along, None for a message that is not ours. ``at``: aware UTC. ``channel``: of the provider."""

    id: str
    notice_id: str | None
    event: DeliveryEvent
    at: datetime
    reason: str | None
    channel: Channel = Channel.EMAIL


@dataclass(frozen=True, slots=True)
class Delivery:
    """Everything that is reported about one message: its last status, when the first report came, when it was
    delivered, and why it bounced. Times are aware UTC."""

    status: NoticeStatus
    first_at: datetime
    delivered_at: datetime | None = None
    reason: str | None = None
    channel: Channel = Channel.EMAIL


#: The status of the message by event. A dropped one was accepted and then not sent by the provider.
_STATUS_OF: Mapping[DeliveryEvent, NoticeStatus] = {
    DeliveryEvent.PROCESSED: NoticeStatus.SENT,
    DeliveryEvent.DEFERRED: NoticeStatus.SENT,
    DeliveryEvent.DELIVERED: NoticeStatus.DELIVERED,
    DeliveryEvent.BOUNCED: NoticeStatus.BOUNCED,
    DeliveryEvent.DROPPED: NoticeStatus.BOUNCED,
}
#: A bounce may follow a delivery (the recipient's server refuses it later), and any report of the provider replaces
#: our own "given up".
_ORDER = (
    NoticeStatus.QUEUED,
    NoticeStatus.DROPPED,
    NoticeStatus.FAILED,
    NoticeStatus.SENT,
    NoticeStatus.DELIVERED,
    NoticeStatus.BOUNCED,
)
_REASON_CHARACTERS = 300


def after_report(known: NoticeStatus, reported: NoticeStatus) -> NoticeStatus:
    """The status of a message after a report; a late one never changes it to an earlier one."""
    return max(known, reported, key=_ORDER.index)


def deliveries(reports: Iterable[DeliveryReport]) -> dict[UUID, Delivery]:
    """The reports of each message as one; events without a status and messages that are not ours are left out."""
    found: dict[UUID, Delivery] = {}
    for one in reports:
        status, notice_id = _STATUS_OF.get(one.event), _uuid(one.notice_id)
        if status is not None and notice_id is not None:
            found[notice_id] = _with(found.get(notice_id, Delivery(status, one.at, channel=one.channel)), status, one)
    return found


def _with(known: Delivery, status: NoticeStatus, one: DeliveryReport) -> Delivery:
    known = replace(known, status=after_report(known.status, status), first_at=min(known.first_at, one.at))
    if status is NoticeStatus.DELIVERED:
        known = replace(known, delivered_at=min(known.delivered_at or one.at, one.at))
    if status is NoticeStatus.BOUNCED and known.reason is None:
        reason = f"{one.event.value}: {one.reason or 'no reason given'}"[:_REASON_CHARACTERS]
        known = replace(known, reason=reason)
    return known


def _uuid(value: str | None) -> UUID | None:
    try:
        return UUID(value) if value else None
    except ValueError:
        return None
