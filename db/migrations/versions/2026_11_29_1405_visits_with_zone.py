"""The visits that block an erasure are named with the zone of their venue."""

from collections.abc import Sequence

from alembic import op

from db.migrations.statements import apply_functions

revision: str = "2026_11_29_1405_visits_with_zone"
down_revision: str | None = "2026_11_29_1400_address_proof"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FUNCTIONS = {"app_visits_ahead": "ed68c4d3e6ea"}


def upgrade() -> None:
    op.execute("DROP FUNCTION IF EXISTS app_visits_ahead")
    apply_functions(FUNCTIONS)


def downgrade() -> None:
    """The function's newest version stays; it works with the columns of before."""
