"""When the provider said a dispute's deadline and fee: a late event must not put back a newer one."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_30_1701_dispute_times"
down_revision: str | None = "2026_11_30_1657_customer_links"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE payment_disputes ADD COLUMN due_said_at timestamptz, ADD COLUMN fee_said_at timestamptz")


def downgrade() -> None:
    op.execute("ALTER TABLE payment_disputes DROP COLUMN due_said_at, DROP COLUMN fee_said_at")
