"""Why each item of a booking has its staff member."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "2026_11_29_2144_chosen_by"
down_revision: str | None = "2026_11_29_2122_own_occurrences"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("booking_items", sa.Column("chosen_by", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_booking_items_chosen_by_known"),
        "booking_items",
        "chosen_by IN ('preferred', 'fewest_bookings', 'longest_free', 'turn', 'only_one')",
    )


def downgrade() -> None:
    op.drop_column("booking_items", "chosen_by")
