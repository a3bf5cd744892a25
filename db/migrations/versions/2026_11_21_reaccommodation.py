"""Bookings that a change of the calendar strands."""

from collections.abc import Sequence

revision: str = "2026_11_21_reaccommodation"
down_revision: str | None = "2026_11_21_staff"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
