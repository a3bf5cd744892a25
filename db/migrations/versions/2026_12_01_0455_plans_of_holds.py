"""The statements of a transaction that enters a service are planned once for a connection."""

from collections.abc import Sequence

from db.migrations.statements import apply_functions

revision: str = "2026_12_01_0455_plans_of_holds"
down_revision: str | None = "2026_12_01_0431_waitlist_kana"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FUNCTIONS = {"app_begin": "05c79d032225"}


def upgrade() -> None:
    apply_functions(FUNCTIONS)


def downgrade() -> None:
    """The newest `app_begin` stays: it works with the tables of both sides."""
