"""Whether a message may be sent now, and its status after an attempt. Pure rules; times are aware UTC."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.booking_status import BookingStatus
from domain.messages.channels import UNREAD_AFTER
from domain.messages.kinds import Channel, NoticeKind, NoticeStatus

#: How long an attempt without an answer delays the next one: the provider's webhook may still report the
#: outcome. The start-to-close time-out of a try must be shorter.
UNKNOWN_FOR = timedelta(seconds=60)
#: When to ask again about a message of a campaign whose business is suspended. It waits as long as other messages are
#: tried, and has failed then.
ASK_AGAIN_SUSPENDED = timedelta(hours=1)
#: The channels of messages that a provider sends; the others are shown in the apps.
SENT_CHANNELS = frozenset({Channel.EMAIL, Channel.LINE, Channel.PUSH, Channel.SMS})


class AttemptOutcome(StrEnum):
    """The outcome of one call to the provider."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    UNKNOWN = "unknown"
    DROPPED = "dropped"  # the provider was not called


_NOT_SENT = frozenset({NoticeStatus.QUEUED, NoticeStatus.FAILED, NoticeStatus.DROPPED})


class NextAttempt(StrEnum):
    """What to do about a message that a run is to send."""

    OPEN = "open"
    WAIT = "wait"
    NOTHING = "nothing"


def next_attempt(
    status: NoticeStatus, channel: str, last_open: datetime | None, now: datetime, *, also: bool = False
) -> tuple[NextAttempt, timedelta]:
    """Whether an attempt may be opened at ``now``, and how long to wait where an earlier one may still have sent the
    message. ``last_open``: when the last attempt without an answer began; ``also``: a message that was sent is sent
    through one more channel."""
    if not (status is NoticeStatus.QUEUED or also) or channel not in SENT_CHANNELS:
        return NextAttempt.NOTHING, timedelta()
    if last_open is not None and last_open + UNKNOWN_FOR > now:
        return NextAttempt.WAIT, last_open + UNKNOWN_FOR - now
    return NextAttempt.OPEN, timedelta()


def is_unread(
    channel: str,
    status: NoticeStatus,
    others: Sequence[str] | None,
    read_at: datetime | None,
    sent_at: datetime | None,
    now: datetime,
) -> bool:
    """Whether a push message has waited for its reader too long, so that it goes through one of the ``others`` too.
    ``sent_at``: when the push service accepted it."""
    waited = sent_at is not None and now - sent_at >= UNREAD_AFTER
    return channel == Channel.PUSH and status is NoticeStatus.SENT and bool(others) and read_at is None and waited


def is_sent_also(status: NoticeStatus, others: Sequence[str] | None, accepted_at: datetime | None) -> bool:
    """Whether a message that was sent through one channel is to be sent through its present one, which has accepted
    nothing yet. ``others`` None: its channels were never decided."""
    return status is NoticeStatus.SENT and others is not None and accepted_at is None


def after_attempt(status: NoticeStatus, outcome: AttemptOutcome) -> NoticeStatus:
    """The status of a message after an attempt. An attempt that was taken for lost and is accepted after all makes a
    failed or dropped message sent; a later report of the provider is not overwritten."""
    if outcome is AttemptOutcome.ACCEPTED and status in _NOT_SENT:
        return NoticeStatus.SENT
    if outcome is AttemptOutcome.DROPPED and status is NoticeStatus.QUEUED:
        return NoticeStatus.DROPPED
    return after_giving_up(status) if outcome is AttemptOutcome.REFUSED else status


def after_giving_up(status: NoticeStatus) -> NoticeStatus:
    """The status of a message after the last try; one that was sent is not changed."""
    return NoticeStatus.FAILED if status is NoticeStatus.QUEUED else status


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """A message about a booking, and the booking as it is now. ``reminded_start_at``: the start that a reminder is
    about. ``has_money``: something is paid or held on a card. ``proof_deadline``: until when its address is to be
    proven. ``is_reviewed``: a review of the visit was written, also if it was deleted. ``pay_until``: when the voucher
    in the message ends."""

    kind: NoticeKind
    has_address: bool
    booking_status: BookingStatus
    start_at: datetime
    reminded_start_at: datetime | None = None
    has_money: bool = False
    proof_deadline: datetime | None = None
    is_reviewed: bool = False
    pay_until: datetime | None = None


def why_not_send(facts: NoticeFacts, now: datetime) -> str | None:
    """Why it would be wrong to send the message at ``now``: there is no address (``no_address``), or it is
    ``outdated``: the reminder is of a visit that is not ahead, the payment that it asks for was made or is too late,
    the proof of the address is not asked for any more, or what it confirms was cancelled. None: send it."""
    if not facts.has_address:
        return "no_address"
    return "outdated" if _is_outdated(facts, now) else None


def _is_outdated(facts: NoticeFacts, now: datetime) -> bool:
    match facts.kind:
        case NoticeKind.BOOKING_PROOF:
            return facts.proof_deadline is None or facts.proof_deadline <= now
        case NoticeKind.BOOKING_HELD:
            return facts.booking_status is not BookingStatus.PENDING or facts.has_money
        case NoticeKind.PAYMENT_VOUCHER:
            is_over = facts.pay_until is not None and facts.pay_until <= now
            return facts.booking_status is not BookingStatus.PENDING or facts.has_money or is_over
        case NoticeKind.BOOKING_CONFIRMED:
            return facts.booking_status is BookingStatus.CANCELLED
        case NoticeKind.BOOKING_REMINDER:
            was_moved = facts.reminded_start_at not in {None, facts.start_at}
            return facts.booking_status is not BookingStatus.CONFIRMED or facts.start_at <= now or was_moved
        case NoticeKind.REVIEW_REQUESTED:
            return facts.booking_status is not BookingStatus.COMPLETED or facts.is_reviewed
        case _:
            return False
