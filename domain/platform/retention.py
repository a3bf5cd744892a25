"""How long the platform keeps what it does not need for ever. Bookings, payments and the audit trail are not here: the
law asks for them for seven years and nothing deletes them (``docs/data-protection.md``)."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum


class RetainedData(StrEnum):
    """What is swept. The value names it in Temporal and in ``attention``."""

    IDEMPOTENCY_KEYS = "idempotency_keys"
    OUTBOX = "outbox"
    COMMAND_TEXTS = "command_texts"
    SESSIONS = "sessions"
    LOGIN_FAILURES = "login_failures"
    RATE_LIMITS = "rate_limits"
    EMAIL_VERIFICATIONS = "email_verifications"
    PASSWORD_RESETS = "password_resets"  # noqa: S105 - a table's name


#: Age after which a row may go. What is still at work (an order that is not delivered) stays, whatever its age.
KEEP: Mapping[RetainedData, timedelta] = {
    RetainedData.IDEMPOTENCY_KEYS: timedelta(hours=24),
    # As long as Temporal shows the closed runs that the orders started.
    RetainedData.OUTBOX: timedelta(days=30),
    # A text whose command was executed is gone already.
    RetainedData.COMMAND_TEXTS: timedelta(hours=24),
    # After they ended: long enough to look into a login that somebody did not recognise.
    RetainedData.SESSIONS: timedelta(days=90),
    # After their own time to be forgotten, after which they count for nothing.
    RetainedData.LOGIN_FAILURES: timedelta(0),
    RetainedData.RATE_LIMITS: timedelta(0),
    # After they opened nothing any more.
    RetainedData.EMAIL_VERIFICATIONS: timedelta(days=7),
    RetainedData.PASSWORD_RESETS: timedelta(days=7),
}
