"""The kinds of messages that the platform sends, and the states of a message."""

from enum import StrEnum
from typing import Literal

#: To whom a notice about a booking goes.
Audience = Literal["customer", "business"]


class NoticeKind(StrEnum):
    """Every message about a booking. The value is the template's name."""

    BOOKING_HELD = "booking_held"  # the time is reserved until it is paid
    BOOKING_REQUESTED = "booking_requested"  # it waits for the approval of the business
    BOOKING_PROOF = "booking_proof"  # to the typed address, which nobody has proven yet
    BOOKING_CONFIRMED = "booking_confirmed"
    BOOKING_REMINDER = "booking_reminder"
    BOOKING_CHANGED = "booking_changed"
    BOOKING_CANCELLED = "booking_cancelled"
    BOOKING_EXPIRED = "booking_expired"
    BOOKING_DECLINED = "booking_declined"
    BOOKING_COMPLETED = "booking_completed"
    BOOKING_NO_SHOW = "booking_no_show"
    PAYMENT_RECEIVED = "payment_received"
    PAYMENT_FAILED = "payment_failed"
    PAYMENT_REFUNDED = "payment_refunded"
    PAYMENT_LATE = "payment_late"  # paid after the hold ended: confirmed again, or refunded
    PAYMENT_RENEW = "payment_renew"  # the card must be entered again
    PAYMENT_VOUCHER = "payment_voucher"  # the numbers with which it is paid at a convenience store
    PAYMENT_VOUCHER_ENDING = "payment_voucher_ending"  # the voucher is still unpaid and ends today
    REFUND_ACCOUNT = "refund_account"  # the provider asks for the bank account to which the money goes back
    REACCOMMODATION_OFFERED = "reaccommodation_offered"  # the business cannot keep the time
    REACCOMMODATION_REMINDER = "reaccommodation_reminder"
    REACCOMMODATION_DECIDED = "reaccommodation_decided"  # to the business; to the customer if the time can be kept
    BOOKING_REASSIGNED = "booking_reassigned"  # the staff member that the customer chose is not available
    REVIEW_REQUESTED = "review_requested"  # once, after a completed visit
    REVIEW_POSTED = "review_posted"  # to the business: a customer wrote a review
    REVIEW_REPLIED = "review_replied"  # the business has answered the review
    REVIEW_DECIDED = "review_decided"  # to both: what moderation decided


class AccountEmailKind(StrEnum):
    """Every message that is not about a booking: to an account, a business, an operator. The value is the template's
    name."""

    EMAIL_VERIFICATION = "email_verification"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a template's name
    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    NEW_DEVICE = "new_device"
    LOGIN_LOCKED = "login_locked"
    TOKEN_REUSED = "token_reused"  # noqa: S105
    TWO_FACTOR_CHANGED = "two_factor_changed"
    TWO_FACTOR_RESET_PLANNED = "two_factor_reset_planned"
    DATA_EXPORT_READY = "data_export_ready"
    ANALYTICS_EXPORT_READY = "analytics_export_ready"
    ERASURE_PLANNED = "erasure_planned"
    ERASURE_DONE = "erasure_done"
    BUSINESS_SUBMITTED = "business_submitted"
    BUSINESS_APPROVED = "business_approved"
    BUSINESS_REJECTED = "business_rejected"
    BUSINESS_INFO_REQUESTED = "business_info_requested"
    BUSINESS_SUSPENDED = "business_suspended"
    BUSINESS_REINSTATED = "business_reinstated"
    BUSINESS_REVIEW_CLOSED = "business_review_closed"  # no answer to the request for information
    REVIEW_DUE = "review_due"  # to admins: a business waits for its review
    MODERATION_DUE = "moderation_due"  # to admins: a review waits for a decision
    STAFF_INVITED = "staff_invited"
    STAFF_ENDED = "staff_ended"
    WAITLIST_PROOF = "waitlist_proof"  # to the typed address, which nobody has proven yet
    WAITLIST_OFFERED = "waitlist_offered"  # a time was freed and is held for the person
    WAITLIST_OFFER_OVER = "waitlist_offer_over"  # nobody answered, or the business cannot keep the time
    WAITLIST_ENDED = "waitlist_ended"  # the entry ended by itself, or by the business
    CAMPAIGN_MESSAGE = "campaign_message"  # advertising to a customer who has consented; of a campaign or an automation


class CodeKind(StrEnum):
    """Messages that are a code and nothing else."""

    PHONE_CODE = "phone_code"  # to a number whose owner is to be proven


def kind_of(value: str) -> NoticeKind | AccountEmailKind | CodeKind:
    """The kind of that name. Raises ValueError."""
    for kinds in (NoticeKind, AccountEmailKind):
        if value in set(kinds):
            return kinds(value)
    return CodeKind(value)


class Channel(StrEnum):
    """How a message reaches its recipient."""

    EMAIL = "email"
    LINE = "line"  # from the platform's LINE Official Account
    PUSH = "push"  # web push to the browsers of a login
    SMS = "sms"
    IN_APP = "in_app"  # shown in the apps; sent by nobody


class NoticeStatus(StrEnum):
    """The state of one message to one recipient."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    FAILED = "failed"
    DROPPED = "dropped"  # a rule of the platform kept it back; failure_reason says which
