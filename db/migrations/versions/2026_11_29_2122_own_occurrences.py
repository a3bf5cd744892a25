"""Customers see which of their bookings are occurrences of a recurring one."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_29_2122_own_occurrences"
down_revision: str | None = "2026_11_29_2121_calendar_feeds"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.execute(
        "CREATE POLICY also_read ON series_occurrences FOR SELECT USING (((SELECT app_self()) IS NOT NULL) AND"
        " (EXISTS (SELECT 1 FROM bookings b WHERE b.id = series_occurrences.booking_id)))"
    )


def downgrade() -> None:
    op.execute("DROP POLICY also_read ON series_occurrences")
