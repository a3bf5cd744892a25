"""Errors about logins, their second factor and their links."""

from typing import ClassVar

from domain.error_details import NoDetails, ReasonDetails, RetryDetails
from domain.errors import DomainError, RuleBroken, Unauthenticated


class InvalidCredentials(Unauthenticated):
    """E-mail or password is wrong; the answer does not say which."""

    code = "invalid_credentials"
    shape: ClassVar[type] = NoDetails


class AccountLocked(DomainError):
    """Too many failed attempts (429). The answer is the same whether the account exists or not.
    ``details["retry_after"]`` in seconds."""

    code = "account_locked"
    shape: ClassVar[type] = RetryDetails


class InvalidCode(RuleBroken):
    """The code of the second factor is wrong, expired, or was used before."""

    code = "invalid_code"
    shape: ClassVar[type] = NoDetails


class InvalidLink(RuleBroken):
    """The token was not issued by the platform, has another purpose, or names an object that does not exist (422)."""

    code = "invalid_link"
    shape: ClassVar[type] = ReasonDetails
