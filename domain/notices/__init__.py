"""What the platform tells people, and where each message stands."""

from enum import StrEnum


class NoticeKind(StrEnum):
    """Every message this slice sends. The value is the template's name."""

    BOOKING_REQUESTED = "booking_requested"  # to the business: waits for approval
    BOOKING_CONFIRMED = "booking_confirmed"
    BOOKING_REMINDER = "booking_reminder"
    BOOKING_CHANGED = "booking_changed"
    BOOKING_CANCELLED = "booking_cancelled"
    BOOKING_EXPIRED = "booking_expired"
    BOOKING_DECLINED = "booking_declined"
    BOOKING_COMPLETED = "booking_completed"  # thanks, and asks for a review
    BOOKING_NO_SHOW = "booking_no_show"
    PAYMENT_RECEIVED = "payment_received"
    PAYMENT_FAILED = "payment_failed"
    PAYMENT_REFUNDED = "payment_refunded"
    PAYMENT_LATE = "payment_late"  # money after the hold: slot taken again, or refunded in full
    PAYMENT_RENEW = "payment_renew"  # the card must be given again


class NoticeStatus(StrEnum):
    """Where one message to one recipient stands."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    FAILED = "failed"
