"""The timeline of a booking shows what providers reported about it."""

from collections.abc import Sequence

from alembic import op

from db.migrations.statements import apply_functions

revision: str = "2026_11_29_2040_provider_events"
down_revision: str | None = "2026_11_29_2029_dropped_messages"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FUNCTIONS = {"app_provider_events": "0680d518b0c5"}


def upgrade() -> None:
    apply_functions(FUNCTIONS)


def downgrade() -> None:
    op.execute("DROP FUNCTION app_provider_events")
