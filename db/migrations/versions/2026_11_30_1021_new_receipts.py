"""A receipt that corrects another one."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_30_1021_new_receipts"
down_revision: str | None = "2026_11_30_1020_disputes"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE receipts ADD COLUMN corrects uuid")
    op.execute(
        "ALTER TABLE receipts ADD CONSTRAINT fk_receipts_corrects_receipts FOREIGN KEY (corrects)"
        " REFERENCES receipts (id)"
    )
    op.execute("DROP INDEX uq_receipts_payment_id")
    op.execute(
        "CREATE UNIQUE INDEX uq_receipts_payment_id ON receipts (payment_id)"
        " WHERE refund_id IS NULL AND corrects IS NULL"
    )
    op.execute("CREATE UNIQUE INDEX uq_receipts_corrects ON receipts (corrects) WHERE corrects IS NOT NULL")


def downgrade() -> None:
    op.execute("DROP INDEX uq_receipts_corrects")
    op.execute("DROP INDEX uq_receipts_payment_id")
    op.execute("ALTER TABLE receipts DROP COLUMN corrects")
    op.execute("CREATE UNIQUE INDEX uq_receipts_payment_id ON receipts (payment_id) WHERE refund_id IS NULL")
