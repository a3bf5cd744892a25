"""How long the platform keeps what it does not need for ever. Bookings, payments and the audit trail are not here: the
law asks for them for seven years and nothing deletes them (``docs/data-protection.md``)."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum


class Kept(StrEnum):
    """What is swept. The value names it in Temporal and in ``attention``."""

    IDEMPOTENCY_KEYS = "idempotency_keys"
    OUTBOX = "outbox"
    SESSIONS = "sessions"
    LOGIN_FAILURES = "login_failures"
    RATE_LIMITS = "rate_limits"
    EMAIL_VERIFICATIONS = "email_verifications"
    PASSWORD_RESETS = "password_resets"  # noqa: S105 - a table's name


#: Age after which a row may go. What is still at work (an order that is not delivered) stays, whatever its age.
KEEP: Mapping[Kept, timedelta] = {
    Kept.IDEMPOTENCY_KEYS: timedelta(hours=24),
    # As long as Temporal shows the closed runs that the orders started.
    Kept.OUTBOX: timedelta(days=30),
    # After they ended: long enough to look into a login that somebody did not recognise.
    Kept.SESSIONS: timedelta(days=90),
    # After their own time to be forgotten, after which they count for nothing.
    Kept.LOGIN_FAILURES: timedelta(0),
    Kept.RATE_LIMITS: timedelta(0),
    # After they opened nothing any more.
    Kept.EMAIL_VERIFICATIONS: timedelta(days=7),
    Kept.PASSWORD_RESETS: timedelta(days=7),
}
