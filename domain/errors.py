"""The tree of errors that callers may see.

Every error has a stable ``code``. The API maps it to an HTTP status and to a sentence in the language of the caller,
activities map it to ``ApplicationError(type=code)``. No code reads ``str(error)``.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from domain import error_details


class DomainError(Exception):
    """A refusal with a stable code. ``details`` holds plain JSON values and never a secret."""

    code: ClassVar[str] = "error"
    #: The keys of ``details`` and their types, a ``TypedDict``.
    shape: ClassVar[type] = error_details.NoDetails

    def __init__(self, details: Mapping[str, Any] | None = None) -> None:
        self.details: dict[str, Any] = dict(details or {})
        super().__init__(self.code, self.details)


class Malformed(DomainError):
    """The input cannot be read: broken JSON, unknown zone, a value of the wrong shape (400)."""

    code = "malformed"
    shape: ClassVar[type] = error_details.RuleDetails


class Unauthenticated(DomainError):
    """No login, or an expired one (401)."""

    code = "unauthenticated"
    shape: ClassVar[type] = error_details.ReasonDetails


class InvalidCredentials(Unauthenticated):
    """E-mail and password do not belong together; the answer does not say which is wrong."""

    code = "invalid_credentials"
    shape: ClassVar[type] = error_details.NoDetails


class AccountLocked(DomainError):
    """Too many failed attempts; answered in the same way for accounts that exist and that do not (429).
    ``details["retry_after"]`` in seconds."""

    code = "account_locked"
    shape: ClassVar[type] = error_details.RetryDetails


class Forbidden(DomainError):
    """Known in this tenant, but the role may not do this (403)."""

    code = "forbidden"
    shape: ClassVar[type] = error_details.ForbiddenDetails


class NotFound(DomainError):
    """Does not exist, or belongs to another tenant; the answer does not say which (404)."""

    code = "not_found"
    shape: ClassVar[type] = error_details.NotFoundDetails


class Conflict(DomainError):
    """Not possible in the present state of the object (409)."""

    code = "conflict"
    shape: ClassVar[type] = error_details.ConflictDetails


class SlotTaken(Conflict):
    """Everything that the booking needs at the asked time is there, and taken. ``details``: ``reason`` (``full``) and
    ``alternatives``, up to three nearest free starts in the booking window."""

    code = "slot_taken"
    shape: ClassVar[type] = error_details.AlternativesDetails


class PriceChanged(Conflict):
    """The price is not the one that the caller was shown. ``details``: ``price`` is the present one and
    ``expected_price`` the caller's, each with ``amount`` (minor units) and ``currency``."""

    code = "price_changed"
    shape: ClassVar[type] = error_details.PriceChangedDetails


class WrongState(Conflict):
    """The transition table does not allow this. ``details``: ``status`` (now) and ``wanted``."""

    code = "wrong_state"
    shape: ClassVar[type] = error_details.WrongStateDetails


class AlreadyExists(Conflict):
    """A unique value is in use. ``details["field"]`` names it."""

    code = "already_exists"
    shape: ClassVar[type] = error_details.AlreadyExistsDetails


class WouldBreakBookings(Conflict):
    """Bookings would not fit any more after the change. ``details["bookings"]`` lists them; repeat with
    ``confirm=true``."""

    code = "would_break_bookings"
    shape: ClassVar[type] = error_details.WouldBreakDetails


class ErasureBlocked(Conflict):
    """The login cannot be closed yet. ``details["bookings"]``: future visits, to be cancelled first;
    ``details["businesses"]``: what the login owns, to be closed or handed over first."""

    code = "erasure_blocked"
    shape: ClassVar[type] = error_details.ErasureBlockedDetails


class RequestInProgress(Conflict):
    """A request with the same idempotency key is in progress."""

    code = "request_in_progress"
    shape: ClassVar[type] = error_details.NoDetails


class Gone(DomainError):
    """An expired link or hold (410)."""

    code = "gone"
    shape: ClassVar[type] = error_details.GoneDetails


class RuleBroken(DomainError):
    """Well-formed, but a rule does not allow it (422). ``details`` may hold ``field`` and ``rule``."""

    code = "rule_broken"
    shape: ClassVar[type] = error_details.RuleBrokenDetails


class InvalidCode(RuleBroken):
    """The code of the second factor is wrong, expired, or was used before."""

    code = "invalid_code"
    shape: ClassVar[type] = error_details.NoDetails


class InvalidInput(RuleBroken):
    """One or more fields are wrong. ``details["fields"]``: list of ``{"field", "rule"}``."""

    code = "invalid_input"
    shape: ClassVar[type] = error_details.InvalidInputDetails

    @classmethod
    def at(cls, field: str, rule: str) -> "InvalidInput":
        """One wrong field: ``field`` is its path, ``rule`` a stable word for what it breaks."""
        return cls({"fields": [{"field": field, "rule": rule}]})


class InvalidLink(RuleBroken):
    """A token that is not ours, has another purpose, or names an object that does not exist (422)."""

    code = "invalid_link"
    shape: ClassVar[type] = error_details.ReasonDetails


class OverlappingHours(RuleBroken):
    """Two ranges of one day overlap."""

    code = "overlapping_hours"
    shape: ClassVar[type] = error_details.OverlappingHoursDetails


class OutsideBookingWindow(RuleBroken):
    """The start is in the past, inside the lead time, or further away than the business takes bookings.
    ``details``: ``reason`` (``too_soon`` or ``too_far``), ``earliest`` and ``latest``, with the venue's offset."""

    code = "outside_booking_window"
    shape: ClassVar[type] = error_details.WindowDetails


class VerificationIncomplete(RuleBroken):
    """The business cannot be reviewed yet. ``details["missing"]``: stable words for everything that is missing."""

    code = "verification_incomplete"
    shape: ClassVar[type] = error_details.MissingDetails


class OutsideOpeningHours(RuleBroken):
    """The business is closed at the asked start (``details["reason"]`` ``closed``), or open without bookings of this
    service starting then (``no_start``). ``alternatives`` as in ``SlotTaken``."""

    code = "outside_opening_hours"
    shape: ClassVar[type] = error_details.AlternativesDetails


class NobodyWorks(RuleBroken):
    """The business is open, and nobody (or no room) that the service needs works at the asked time, taken or not.
    ``details``: ``reason`` (``nobody_works``) and ``alternatives`` as in ``SlotTaken``."""

    code = "nobody_works"
    shape: ClassVar[type] = error_details.AlternativesDetails


class NotBookable(RuleBroken):
    """The business, service or resource does not take bookings now."""

    code = "not_bookable"
    shape: ClassVar[type] = error_details.NotBookableDetails


class PartySizeRefused(RuleBroken):
    """The party is smaller or larger than the service takes."""

    code = "party_size_refused"
    shape: ClassVar[type] = error_details.PartyDetails


class HoldLimit(RuleBroken):
    """The customer has as many unpaid bookings as are allowed."""

    code = "hold_limit"
    shape: ClassVar[type] = error_details.LimitDetails


class CurrencyMismatch(RuleBroken):
    """Amounts of different currencies meet, or the currency is not the business's."""

    code = "currency_mismatch"
    shape: ClassVar[type] = error_details.CurrencyDetails


class AmountRefused(RuleBroken):
    """An amount is not positive, or more than there is. ``details["available"]`` in minor units."""

    code = "amount_refused"
    shape: ClassVar[type] = error_details.AvailableDetails


class LegalNoticeRequired(RuleBroken):
    """Nothing may be sold online without the 特定商取引法 notice. ``details["services"]``: the services that are sold
    online."""

    code = "legal_notice_required"
    shape: ClassVar[type] = error_details.LegalNoticeDetails


class IdempotencyKeyRequired(RuleBroken):
    """This operation needs an ``Idempotency-Key`` header (422)."""

    code = "idempotency_key_required"
    shape: ClassVar[type] = error_details.HeaderDetails


class IdempotencyKeyReused(RuleBroken):
    """The same key came with another body."""

    code = "idempotency_key_reused"
    shape: ClassVar[type] = error_details.NoDetails


class PaymentDeclined(RuleBroken):
    """The provider refused the card. ``details["reason"]``: the provider's decline code."""

    code = "payment_declined"
    shape: ClassVar[type] = error_details.ReasonDetails


class ForgedWebhook(DomainError):
    """The signature over the raw body is missing, old or wrong (400)."""

    code = "forged_webhook"
    shape: ClassVar[type] = error_details.ReasonDetails


class TooLarge(DomainError):
    """The body is larger than this endpoint takes (413). ``details["limit"]`` in bytes."""

    code = "too_large"
    shape: ClassVar[type] = error_details.LimitDetails


class TooSlow(DomainError):
    """The body did not arrive within the time limit (408)."""

    code = "too_slow"
    shape: ClassVar[type] = error_details.NoDetails


class UnsupportedMediaType(DomainError):
    """The content type is not one this endpoint reads (415)."""

    code = "unsupported_media_type"
    shape: ClassVar[type] = error_details.SupportedDetails


class RateLimited(DomainError):
    """Too many requests (429). ``details["retry_after"]`` in seconds."""

    code = "rate_limited"
    shape: ClassVar[type] = error_details.RetryDetails


class Unavailable(DomainError):
    """A system that the answer needs is unreachable at the moment (503). ``details["retry_after"]`` in seconds."""

    code = "unavailable"
    shape: ClassVar[type] = error_details.RetryDetails
