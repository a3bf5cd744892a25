"""Who reads which part of the audit trail: operators read all of it, owners what the API shows them elsewhere, too."""

from collections.abc import Mapping
from typing import Any

#: Tables whose changes operators alone read.
OPERATORS_TABLES = frozenset({"attention", "feature_flags", "flag_rollouts", "user_two_factors", "users"})

#: Columns that no answer shows to an owner.
OPERATORS_COLUMNS: Mapping[str, frozenset[str]] = {
    # What operators note for each other.
    "business_verifications": frozenset({"note"}),
    # Keys of the storage: an answer has signed links.
    "business_documents": frozenset({"object_key"}),
    "business_media": frozenset({"upload_key", "variants", "checksum"}),
    # The network of a guest, and whether an address has a login.
    "bookings": frozenset({"ip"}),
    "customers": frozenset({"email_key"}),
}


def without_operators_columns(entity: str, values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Columns of one row as an owner may read them."""
    if values is None:
        return None
    hidden = OPERATORS_COLUMNS.get(entity, frozenset())
    return {name: value for name, value in values.items() if name not in hidden}
