"""How long the platform keeps data before it deletes it. Bookings, payments and the audit trail are not included: the
law requires them for seven years and nothing deletes them (``docs/data-protection.md``)."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum


class RetainedData(StrEnum):
    """The kinds of deleted data. The value is the name in Temporal and in ``attention``."""

    IDEMPOTENCY_KEYS = "idempotency_keys"
    OUTBOX = "outbox"
    COMMAND_TEXTS = "command_texts"
    SESSIONS = "sessions"
    LOGIN_FAILURES = "login_failures"
    RATE_LIMITS = "rate_limits"
    EMAIL_VERIFICATIONS = "email_verifications"
    PASSWORD_RESETS = "password_resets"  # noqa: S105 - a table's name
    WAITLIST = "waitlist"


#: Age after which a row is deleted. A row that is still in use (an undelivered command) is never deleted.
KEEP: Mapping[RetainedData, timedelta] = {
    RetainedData.IDEMPOTENCY_KEYS: timedelta(hours=24),
    # As long as Temporal shows the closed runs that the commands started.
    RetainedData.OUTBOX: timedelta(days=30),
    # The text of an executed command is deleted earlier.
    RetainedData.COMMAND_TEXTS: timedelta(hours=24),
    # After they ended: long enough to examine a login that its owner did not recognise.
    RetainedData.SESSIONS: timedelta(days=90),
    # After the time for which they count.
    RetainedData.LOGIN_FAILURES: timedelta(0),
    RetainedData.RATE_LIMITS: timedelta(0),
    # After they expired.
    RetainedData.EMAIL_VERIFICATIONS: timedelta(days=7),
    RetainedData.PASSWORD_RESETS: timedelta(days=7),
    # After they ended: as long as a link to them works, and as far back as chances are computed from.
    RetainedData.WAITLIST: timedelta(days=60),
}
