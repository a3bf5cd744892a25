"""Provisional bookings: which they are, and how long staff may hold a time for an answer."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "2026_11_30_0301_provisional"
down_revision: str | None = "2026_11_30_0300_due_at_venue"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "bookings", sa.Column("is_provisional", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column(
        "business_settings",
        sa.Column(
            "provisional_for", postgresql.INTERVAL(), server_default=sa.text("interval '24 hours'"), nullable=False
        ),
    )
    op.create_check_constraint(
        op.f("ck_business_settings_provisional_in_range"),
        "business_settings",
        "provisional_for BETWEEN interval '5 minutes' AND interval '30 days'",
    )


def downgrade() -> None:
    op.drop_column("business_settings", "provisional_for")
    op.drop_column("bookings", "is_provisional")
