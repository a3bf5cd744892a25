"""A row of the outbox carries the trace of the transaction that writes it."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_30_1822_outbox_traces"
down_revision: str | None = "2026_11_30_1820_figure_exports"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE outbox ADD COLUMN trace_context text")
    # Apart: the rows that are there have none.
    op.execute(
        "ALTER TABLE outbox ALTER COLUMN trace_context"
        " SET DEFAULT nullif(current_setting('app.trace_context', true), '')"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE outbox DROP COLUMN trace_context")
