"""How long the platform keeps what it does not need for ever. Bookings, payments and the audit trail are not here: the
law asks for them for seven years and nothing deletes them (``docs/data-protection.md``)."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum


class Kept(StrEnum):
    """What is swept. The value names it in Temporal and in ``attention``."""

    IDEMPOTENCY_KEYS = "idempotency_keys"
    OUTBOX = "outbox"


#: Age after which a row may go. What is still at work (an order that is not delivered) stays, whatever its age.
KEEP: Mapping[Kept, timedelta] = {
    Kept.IDEMPOTENCY_KEYS: timedelta(hours=24),
    # As long as Temporal shows the closed runs that the orders started.
    Kept.OUTBOX: timedelta(days=30),
}
