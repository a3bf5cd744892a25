"""A visit that is ahead belongs to a person only if its address was confirmed for it."""

from collections.abc import Sequence

from db.migrations.statements import apply_functions

revision: str = "2026_11_29_1425_whose_visits"
down_revision: str | None = "2026_11_29_1405_visits_with_zone"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FUNCTIONS = {"app_records_of_person": "30138011851d"}


def upgrade() -> None:
    apply_functions(FUNCTIONS)


def downgrade() -> None:
    """The newest version stays: it works with the columns of both sides."""
