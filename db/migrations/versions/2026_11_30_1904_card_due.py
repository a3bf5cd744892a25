"""By when the customer of a card hold must give another card."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_30_1904_card_due"
down_revision: str | None = "2026_11_30_1903_voucher_orders"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE bookings ADD COLUMN card_due timestamptz")


def downgrade() -> None:
    op.execute("ALTER TABLE bookings DROP COLUMN card_due")
