"""Tables: how many people sit at a resource, which tables may be joined, and why a booking has its table."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "2026_11_30_0400_tables"
down_revision: str | None = "2026_11_30_0342_reviews"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

BEFORE = ("preferred", "fewest_bookings", "longest_free", "turn", "only_one")


def _reasons(*known: str) -> None:
    listed = ", ".join(f"'{one}'" for one in known)
    op.drop_constraint(op.f("ck_booking_items_chosen_by_known"), "booking_items")
    op.create_check_constraint(op.f("ck_booking_items_chosen_by_known"), "booking_items", f"chosen_by IN ({listed})")


def upgrade() -> None:
    op.add_column("resources", sa.Column("seats", sa.SmallInteger(), nullable=True))
    op.create_check_constraint(op.f("ck_resources_seats_in_range"), "resources", "seats BETWEEN 1 AND 500")
    op.add_column(
        "business_settings",
        sa.Column("table_joins", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
    )
    _reasons(*BEFORE, "smallest_table", "joined_tables")


def downgrade() -> None:
    op.execute("SELECT set_config('app.scope', 'platform', true)")
    op.execute("UPDATE booking_items SET chosen_by = NULL WHERE chosen_by IN ('smallest_table', 'joined_tables')")
    _reasons(*BEFORE)
    op.drop_column("business_settings", "table_joins")
    op.drop_column("resources", "seats")
