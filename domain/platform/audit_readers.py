"""Who may read which part of the audit trail: operators all of it, owners only what the API also shows them
elsewhere."""

from collections.abc import Mapping
from typing import Any

#: Tables whose changes only operators read.
OPERATORS_TABLES = frozenset({"attention", "feature_flags", "flag_rollouts", "user_two_factors", "users"})

#: Columns that no answer shows to an owner.
OPERATORS_COLUMNS: Mapping[str, frozenset[str]] = {
    # Internal notes of operators.
    "business_verifications": frozenset({"note"}),
    # Keys of the storage: answers have signed links instead.
    "business_documents": frozenset({"object_key"}),
    "business_media": frozenset({"upload_key", "variants", "checksum"}),
    # The network of a guest, whether an address has a login, and a login that is linked no more.
    "bookings": frozenset({"ip"}),
    "customers": frozenset({"email_key", "unlinked_user_id"}),
    # Which key of the platform encrypts a health note.
    "customer_notes": frozenset({"key_id"}),
    # Which key of the platform encrypts the secrets.
    "payment_accounts": frozenset({"key_id"}),
}


def without_operators_columns(entity: str, values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The columns of one row that an owner may read."""
    if values is None:
        return None
    hidden = OPERATORS_COLUMNS.get(entity, frozenset())
    return {name: value for name, value in values.items() if name not in hidden}
