"""Changes of the login, and the proofs that each one needs. A session token alone is not enough."""

from collections.abc import Mapping
from enum import StrEnum

from domain.errors import WrongState


class LoginChange(StrEnum):
    """All changes of how a person logs in. The value is the path of its endpoint."""

    CHANGE_PASSWORD = "/auth/change-password"  # noqa: S105 - a path
    RESET_PASSWORD = "/auth/reset-password"  # noqa: S105
    VERIFY_EMAIL = "/auth/verify-email"
    TWO_FACTOR_ENABLE = "/auth/2fa/enable"
    TWO_FACTOR_DISABLE = "/auth/2fa/disable"
    TWO_FACTOR_RESET = "/admin/two-factor-resets"


class Proof(StrEnum):
    """What a caller can prove."""

    PASSWORD = "password"  # noqa: S105 - a word
    CODE = "code"  # of the second factor, or a recovery code
    MAIL_LINK = "mail_link"  # the token of a link that was sent to the address
    PROVEN_ADDRESS = "proven_address"  # a mail link of this address was used before
    OPERATOR = "operator"  # another person, an operator of the platform, has looked at the case
    DELAY = "delay"  # the address had an e-mail with a link that cancels, and time to use it


REQUIRED: Mapping[LoginChange, frozenset[Proof]] = {
    LoginChange.CHANGE_PASSWORD: frozenset({Proof.PASSWORD}),
    LoginChange.RESET_PASSWORD: frozenset({Proof.MAIL_LINK}),
    LoginChange.VERIFY_EMAIL: frozenset({Proof.MAIL_LINK}),
    # Otherwise a person who registers with another person's address could lock that person out.
    LoginChange.TWO_FACTOR_ENABLE: frozenset({Proof.PASSWORD, Proof.CODE, Proof.PROVEN_ADDRESS}),
    LoginChange.TWO_FACTOR_DISABLE: frozenset({Proof.PASSWORD, Proof.CODE}),
    LoginChange.TWO_FACTOR_RESET: frozenset({Proof.OPERATOR, Proof.DELAY}),
}


def check_address(change: LoginChange, *, is_proven: bool) -> None:
    """Raise WrongState if the change needs a proven address and the login has none."""
    if Proof.PROVEN_ADDRESS in REQUIRED[change] and not is_proven:
        raise WrongState({"status": "email_unverified", "wanted": "email_verified"})
