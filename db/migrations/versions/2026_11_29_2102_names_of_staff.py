"""The erasure of a person takes the names of staff out of the audit trail."""

from collections.abc import Sequence

from db.migrations.statements import apply_functions

revision: str = "2026_11_29_2102_names_of_staff"
down_revision: str | None = "2026_11_29_2101_data_tracks"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FUNCTIONS = {"audit_erased": "334958f9e564", "app_erase_trail": "28ef541793cc"}


def upgrade() -> None:
    apply_functions(FUNCTIONS)


def downgrade() -> None:
    """The functions keep their newest version; they take the same parameters."""
