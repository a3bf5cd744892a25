"""The owner's limit of holds that callers without a proven address have open together."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "2026_11_29_2120_unproven_holds"
down_revision: str | None = "2026_11_29_2105_series"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "business_settings",
        sa.Column("unproven_holds", sa.SmallInteger(), server_default=sa.text("20"), nullable=False),
    )
    op.create_check_constraint(
        op.f("ck_business_settings_unproven_holds_in_range"), "business_settings", "unproven_holds BETWEEN 1 AND 1000"
    )


def downgrade() -> None:
    op.drop_column("business_settings", "unproven_holds")
