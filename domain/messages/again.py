"""Which messages of a booking its business may send once more, and which can be tried again. Pure rules."""

from collections.abc import Mapping
from uuid import UUID

from domain.booking_status import BookingStatus
from domain.errors import InvalidInput
from domain.messages.kinds import Channel, NoticeKind, NoticeStatus
from domain.messages.send_decision import A_DAY
from domain.platform.rate_limits import Window

#: Messages to the customer that are true as long as the booking has the status. Proofs, reminders and vouchers are
#: missing: a proof is asked for by a new try to book, a reminder comes by itself, and the payment page has the numbers
#: of the voucher that can be paid, while those of the message may be of one that was replaced.
AGAIN: Mapping[BookingStatus, frozenset[NoticeKind]] = {
    BookingStatus.PENDING: frozenset({NoticeKind.BOOKING_HELD, NoticeKind.BOOKING_REQUESTED}),
    BookingStatus.CONFIRMED: frozenset(
        {NoticeKind.BOOKING_CONFIRMED, NoticeKind.BOOKING_CHANGED, NoticeKind.PAYMENT_RECEIVED}
    ),
    BookingStatus.CHECKED_IN: frozenset({NoticeKind.BOOKING_CONFIRMED, NoticeKind.PAYMENT_RECEIVED}),
    BookingStatus.COMPLETED: frozenset(
        {NoticeKind.BOOKING_COMPLETED, NoticeKind.PAYMENT_RECEIVED, NoticeKind.PAYMENT_REFUNDED}
    ),
    BookingStatus.CANCELLED: frozenset({NoticeKind.BOOKING_CANCELLED, NoticeKind.PAYMENT_REFUNDED}),
    BookingStatus.DECLINED: frozenset({NoticeKind.BOOKING_DECLINED, NoticeKind.PAYMENT_REFUNDED}),
    BookingStatus.EXPIRED: frozenset({NoticeKind.BOOKING_EXPIRED, NoticeKind.PAYMENT_REFUNDED}),
    BookingStatus.NO_SHOW: frozenset({NoticeKind.BOOKING_NO_SHOW, NoticeKind.PAYMENT_REFUNDED}),
}
#: How many messages of one booking are sent once more in 24 hours.
MOST_AGAIN = 5


def check_again(
    status: BookingStatus, kind: NoticeKind, *, was_sent: bool, is_reachable: bool, has_phone: bool
) -> None:
    """Raise InvalidInput at ``kind`` for a message that is not about the booking as it is now, and for one that its
    customer never had; at ``booking_id`` where the customer has no address, no login, and for a message with a short
    text no proven number. ``has_phone``: somebody can call the customer then, and the rule says so."""
    if kind not in AGAIN[status]:
        raise InvalidInput.at("kind", "not_about_this_status")
    if not was_sent:
        raise InvalidInput.at("kind", "was_never_sent")
    if not is_reachable and has_phone:
        raise InvalidInput.at("booking_id", "has_phone_only")
    if not is_reachable:
        raise InvalidInput.at("booking_id", "has_no_address")


def again_window(booking_id: UUID) -> Window:
    """The limit that counts them."""
    return Window(f"message_again:{booking_id}", MOST_AGAIN, A_DAY)


def may_retry(status: NoticeStatus, channel: str) -> bool:
    """Whether a message can be tried for another 24 hours. One that came back cannot: the address is wrong. One that is
    shown in the apps is sent by nobody."""
    return status in {NoticeStatus.FAILED, NoticeStatus.DROPPED} and channel != Channel.IN_APP
