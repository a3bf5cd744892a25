"""Since when a voucher of a convenience store counts for the limit of unproven bookings."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_30_1903_voucher_orders"
down_revision: str | None = "2026_11_30_1822_outbox_traces"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE booking_payments ADD COLUMN voucher_ordered_at timestamptz")
    # The owner of the tables is under their policies too.
    op.execute("SELECT set_config('app.scope', 'platform', true)")
    op.execute("UPDATE booking_payments SET voucher_ordered_at = now() WHERE voucher IS NOT NULL AND closed_at IS NULL")


def downgrade() -> None:
    op.execute("ALTER TABLE booking_payments DROP COLUMN voucher_ordered_at")
