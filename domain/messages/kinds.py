"""What the platform tells people, and where each message stands."""

from enum import StrEnum


class NoticeKind(StrEnum):
    """Every message about a booking. The value is the template's name."""

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
    REACCOMMODATION_OFFERED = "reaccommodation_offered"  # the business cannot keep the time
    REACCOMMODATION_REMINDER = "reaccommodation_reminder"
    REACCOMMODATION_DECIDED = "reaccommodation_decided"  # to the business; to the customer if the booking stands
    BOOKING_REASSIGNED = "booking_reassigned"  # whom they asked for is not there: somebody else is


class AccountEmailKind(StrEnum):
    """Every message that is about no booking: to a login, to a business, to an operator. The value is the template's
    name."""

    EMAIL_VERIFICATION = "email_verification"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a template's name
    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    NEW_DEVICE = "new_device"
    LOGIN_LOCKED = "login_locked"
    TOKEN_REUSED = "token_reused"  # noqa: S105
    TWO_FACTOR_CHANGED = "two_factor_changed"
    DATA_EXPORT_READY = "data_export_ready"
    ERASURE_PLANNED = "erasure_planned"
    ERASURE_DONE = "erasure_done"
    BUSINESS_SUBMITTED = "business_submitted"
    BUSINESS_APPROVED = "business_approved"
    BUSINESS_REJECTED = "business_rejected"
    BUSINESS_INFO_REQUESTED = "business_info_requested"
    BUSINESS_SUSPENDED = "business_suspended"
    BUSINESS_REINSTATED = "business_reinstated"
    BUSINESS_REVIEW_CLOSED = "business_review_closed"  # nobody answered the request for information
    REVIEW_DUE = "review_due"  # to admins: a business waits for them
    STAFF_INVITED = "staff_invited"
    STAFF_ENDED = "staff_ended"


class NoticeStatus(StrEnum):
    """Where one message to one recipient stands."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    FAILED = "failed"
