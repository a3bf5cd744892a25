"""Who may do what: one table, role by action. Tenancy is decided before: a role is one *in the object's business*.

``customer`` and ``guest`` may act on their own bookings and payments only; whoever asks on behalf of them resolves the
role from the object, so that somebody else's booking gives no role at all.
"""

from collections.abc import Mapping
from enum import StrEnum

from domain.errors import Forbidden, NotFound


class Role(StrEnum):
    """What a person is to the business, or to the one booking, that is asked for."""

    ADMIN = "admin"
    OWNER = "owner"
    MANAGER = "manager"
    STAFF = "staff"
    ASSISTANT = "assistant"
    CUSTOMER = "customer"
    GUEST = "guest"


class Action(StrEnum):
    """Everything that asks for permission."""

    BUSINESS_CREATE = "business.create"
    BUSINESS_READ = "business.read"
    BUSINESS_UPDATE = "business.update"
    HOURS_UPDATE = "hours.update"
    SERVICE_WRITE = "service.write"
    RESOURCE_WRITE = "resource.write"
    POLICY_WRITE = "policy.write"
    SETTINGS_WRITE = "settings.write"
    AVAILABILITY_READ = "availability.read"
    BOOKING_CREATE = "booking.create"
    BOOKING_CREATE_FOR_CUSTOMER = "booking.create_for_customer"
    BOOKING_READ = "booking.read"
    BOOKING_CANCEL = "booking.cancel"
    BOOKING_RESCHEDULE = "booking.reschedule"
    BOOKING_CONFIRM = "booking.confirm"
    BOOKING_DECLINE = "booking.decline"
    BOOKING_CHECK_IN = "booking.check_in"
    BOOKING_COMPLETE = "booking.complete"
    BOOKING_NO_SHOW = "booking.no_show"
    BOOKING_UPDATE = "booking.update"
    PAYMENT_READ = "payment.read"
    PAYMENT_PAY = "payment.pay"
    PAYMENT_REFUND = "payment.refund"
    PAYMENT_CAPTURE = "payment.capture"
    PAYMENT_VOID = "payment.void"
    NOTIFICATION_READ = "notification.read"
    NOTIFICATION_RETRY = "notification.retry"
    BUSINESS_DELETE = "business.delete"
    VERIFICATION_READ = "verification.read"
    VERIFICATION_SUBMIT = "verification.submit"
    VERIFICATION_DECIDE = "verification.decide"
    BUSINESS_SUSPEND = "business.suspend"
    STAFF_READ = "staff.read"
    STAFF_WRITE = "staff.write"
    SCHEDULE_READ = "schedule.read"
    SCHEDULE_WRITE = "schedule.write"
    OWN_SCHEDULE_WRITE = "schedule.write_own"
    BOOKING_ASSIGN = "booking.assign"
    MEDIA_READ = "media.read"
    MEDIA_WRITE = "media.write"
    AUDIT_READ = "audit.read"
    FLAG_WRITE = "flag.write"
    ATTENTION_READ = "attention.read"
    ATTENTION_RESOLVE = "attention.resolve"


A = Action

#: What anybody may see of a public business, and taking a booking.
_PUBLIC = frozenset({A.BUSINESS_READ, A.AVAILABILITY_READ, A.BOOKING_CREATE, A.MEDIA_READ})
#: What the signed link in a notice opens: this booking, and paying for it.
_GUEST = _PUBLIC | {A.BOOKING_READ, A.BOOKING_CANCEL, A.BOOKING_RESCHEDULE, A.PAYMENT_PAY}
_CUSTOMER = _GUEST | {A.BOOKING_UPDATE, A.PAYMENT_READ, A.NOTIFICATION_READ}
_ASSISTANT = frozenset(
    {A.BUSINESS_READ, A.AVAILABILITY_READ, A.BOOKING_READ, A.NOTIFICATION_READ, A.MEDIA_READ, A.SCHEDULE_READ}
)
_STAFF = _ASSISTANT | {
    A.PAYMENT_READ,
    A.BOOKING_CREATE,
    A.BOOKING_CREATE_FOR_CUSTOMER,
    A.BOOKING_CANCEL,
    A.BOOKING_RESCHEDULE,
    A.BOOKING_CONFIRM,
    A.BOOKING_DECLINE,
    A.BOOKING_CHECK_IN,
    A.BOOKING_COMPLETE,
    A.BOOKING_NO_SHOW,
    A.BOOKING_UPDATE,
    A.BOOKING_ASSIGN,
    A.OWN_SCHEDULE_WRITE,
}
_MANAGER = _STAFF | {
    A.BUSINESS_UPDATE,
    A.HOURS_UPDATE,
    A.SERVICE_WRITE,
    A.RESOURCE_WRITE,
    A.POLICY_WRITE,
    A.SETTINGS_WRITE,
    A.PAYMENT_REFUND,
    A.PAYMENT_CAPTURE,
    A.PAYMENT_VOID,
    A.NOTIFICATION_RETRY,
    A.VERIFICATION_READ,
    A.VERIFICATION_SUBMIT,
    A.STAFF_READ,
    A.STAFF_WRITE,
    A.SCHEDULE_WRITE,
    A.MEDIA_WRITE,
}

#: Paying is the customer's own act: nobody in the business enters a customer's card. Creating a business has no
#: business yet, so it is asked with what the login is by itself: ``customer``, or ``owner`` of others.
ALLOWED: Mapping[Role, frozenset[Action]] = {
    Role.ADMIN: frozenset(
        {
            A.BUSINESS_READ,
            A.AVAILABILITY_READ,
            A.BOOKING_READ,
            A.PAYMENT_READ,
            A.NOTIFICATION_READ,
            A.NOTIFICATION_RETRY,
            A.MEDIA_READ,
            A.VERIFICATION_READ,
            A.VERIFICATION_DECIDE,
            A.BUSINESS_SUSPEND,
            A.AUDIT_READ,
            A.FLAG_WRITE,
            A.ATTENTION_READ,
            A.ATTENTION_RESOLVE,
        }
    ),
    Role.OWNER: _MANAGER | {A.BUSINESS_CREATE, A.BUSINESS_DELETE, A.AUDIT_READ},
    Role.MANAGER: _MANAGER,
    Role.STAFF: _STAFF,
    Role.ASSISTANT: _ASSISTANT,
    Role.CUSTOMER: _CUSTOMER | {A.BUSINESS_CREATE},
    Role.GUEST: _GUEST,
}


#: What is left of a closed business: what people were promised can be read, called off and paid back.
AFTER_CLOSING = frozenset(
    {A.BOOKING_READ, A.BOOKING_CANCEL, A.PAYMENT_READ, A.PAYMENT_REFUND, A.NOTIFICATION_READ, A.AUDIT_READ}
)

#: What an admin may not do to a business that they own or work for: nobody judges their own.
IMPARTIAL = frozenset({A.VERIFICATION_DECIDE, A.BUSINESS_SUSPEND})


def allowed(role: Role, action: Action) -> bool:
    """Whether ``role`` may do ``action``."""
    return action in ALLOWED[role]


def require(role: Role | None, action: Action) -> None:
    """Raise ``NotFound`` for no role (another tenant's object: nobody may learn that it exists), ``Forbidden`` for
    one that may not do this."""
    if role is None:
        raise NotFound
    if not allowed(role, action):
        raise Forbidden({"action": action.value, "role": role.value})
