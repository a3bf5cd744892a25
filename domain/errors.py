"""The tree of errors that callers can get.

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


class Forbidden(DomainError):
    """The caller has a role in this tenant, but it may not do this (403)."""

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


class WrongState(Conflict):
    """The transition table does not allow this. ``details``: ``status`` (now) and ``wanted``."""

    code = "wrong_state"
    shape: ClassVar[type] = error_details.WrongStateDetails


class AlreadyExists(Conflict):
    """A unique value is in use. ``details["field"]`` names it."""

    code = "already_exists"
    shape: ClassVar[type] = error_details.AlreadyExistsDetails


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


class InvalidInput(RuleBroken):
    """One or more fields are wrong. ``details["fields"]``: list of ``{"field", "rule"}``."""

    code = "invalid_input"
    shape: ClassVar[type] = error_details.InvalidInputDetails

    @classmethod
    def at(cls, field: str, rule: str) -> "InvalidInput":
        """One wrong field: ``field`` is its path, ``rule`` a stable code for the broken rule."""
        return cls({"fields": [{"field": field, "rule": rule}]})


class CurrencyMismatch(RuleBroken):
    """Amounts have different currencies, or the currency is not the business's."""

    code = "currency_mismatch"
    shape: ClassVar[type] = error_details.CurrencyDetails


class IdempotencyKeyRequired(RuleBroken):
    """This operation needs an ``Idempotency-Key`` header (422)."""

    code = "idempotency_key_required"
    shape: ClassVar[type] = error_details.HeaderDetails


class IdempotencyKeyReused(RuleBroken):
    """The same key was used with another body."""

    code = "idempotency_key_reused"
    shape: ClassVar[type] = error_details.NoDetails


class ForgedWebhook(DomainError):
    """The signature over the raw body is missing, old or wrong (400)."""

    code = "forged_webhook"
    shape: ClassVar[type] = error_details.ReasonDetails


class TooLarge(DomainError):
    """The body is larger than this endpoint accepts (413). ``details["limit"]`` in bytes."""

    code = "too_large"
    shape: ClassVar[type] = error_details.LimitDetails


class TooSlow(DomainError):
    """The body did not arrive within the time limit (408)."""

    code = "too_slow"
    shape: ClassVar[type] = error_details.NoDetails


class UnsupportedMediaType(DomainError):
    """The endpoint does not support the content type (415)."""

    code = "unsupported_media_type"
    shape: ClassVar[type] = error_details.SupportedDetails


class RateLimited(DomainError):
    """Too many requests (429). ``details["retry_after"]`` in seconds."""

    code = "rate_limited"
    shape: ClassVar[type] = error_details.RetryDetails


class Unavailable(DomainError):
    """A required system cannot be reached at the moment (503). ``details["retry_after"]`` in seconds."""

    code = "unavailable"
    shape: ClassVar[type] = error_details.RetryDetails
