"""A browser or a person on LINE goes to the login that comes last, in one statement."""

from collections.abc import Sequence

from alembic import op

from db.migrations.statements import apply_functions

revision: str = "2026_11_30_1917_take_address"
down_revision: str | None = "2026_11_30_1904_card_due"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FUNCTIONS = {"app_take_address": "2fc96f621657"}


def upgrade() -> None:
    apply_functions(FUNCTIONS)


def downgrade() -> None:
    op.execute("DROP FUNCTION app_take_address")
