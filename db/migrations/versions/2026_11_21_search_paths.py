"""Triggers that write as the owner look into the application's temporary tables last: a table of the same name there
would take what is meant for the audit trail."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_21_search_paths"
down_revision: str | None = "2026_11_21_new_cards"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FUNCTIONS = ("audit_change()", "list_in_directory()", "keep_slug()")


def upgrade() -> None:
    for function in FUNCTIONS:
        op.execute(f"ALTER FUNCTION {function} SET search_path = public, pg_temp")


def downgrade() -> None:
    for function in FUNCTIONS:
        op.execute(f"ALTER FUNCTION {function} SET search_path = public")
