"""Businesses can ask their customers for the name in kana."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "2026_11_30_2215_asks_kana"
down_revision: str | None = "2026_11_30_2018_export_sizes"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "business_settings", sa.Column("asks_kana", sa.Text(), server_default=sa.text("'off'"), nullable=False)
    )
    op.create_check_constraint(
        op.f("ck_business_settings_asks_kana_known"), "business_settings", "asks_kana IN ('off', 'asked', 'demanded')"
    )


def downgrade() -> None:
    op.drop_column("business_settings", "asks_kana")
