"""Errors about logins, their second factor and their links."""

from typing import ClassVar

from domain.error_details import NoDetails, ReasonDetails, RetryDetails
from domain.errors import DomainError, RuleBroken, Unauthenticated


class InvalidCredentials(Unauthenticated):
    """E-mail and password do not belong together; the answer does not say which is wrong."""

    code = "invalid_credentials"
    shape: ClassVar[type] = NoDetails


class AccountLocked(DomainError):
    """Too many failed attempts; answered in the same way for accounts that exist and that do not (429).
    ``details["retry_after"]`` in seconds."""

    code = "account_locked"
    shape: ClassVar[type] = RetryDetails


class InvalidCode(RuleBroken):
    """The code of the second factor is wrong, expired, or was used before."""

    code = "invalid_code"
    shape: ClassVar[type] = NoDetails


class InvalidLink(RuleBroken):
    """A token that is not ours, has another purpose, or names an object that does not exist (422)."""

    code = "invalid_link"
    shape: ClassVar[type] = ReasonDetails
