"""A slug that was never public is free again when its business takes another one."""

from collections.abc import Sequence

from alembic import op

from db.migrations.statements import apply_functions

revision: str = "2026_11_29_1445_draft_slugs"
down_revision: str | None = "2026_11_29_1430_identity_changes"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FUNCTIONS = {"keep_slug": "89193bddc2ca"}


def upgrade() -> None:
    apply_functions(FUNCTIONS)
    op.execute("ALTER TABLE businesses NO FORCE ROW LEVEL SECURITY")
    op.execute(
        "DELETE FROM business_slugs known USING businesses b WHERE b.id = known.business_id AND b.slug <> known.slug"
        " AND b.status IN ('draft', 'pending', 'rejected')"
    )
    op.execute("ALTER TABLE businesses FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    """The newest version stays: it works with the columns of both sides."""
