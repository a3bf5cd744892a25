"""What a business does with a booking whose customer gives no other card in time."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_30_1600_without_card"
down_revision: str | None = "2026_11_30_1500_vouchers"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE business_settings ADD COLUMN without_card text NOT NULL DEFAULT 'keep',"
        " ADD CONSTRAINT ck_business_settings_without_card_known CHECK (without_card IN ('keep', 'cancel'))"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE business_settings DROP COLUMN without_card")
