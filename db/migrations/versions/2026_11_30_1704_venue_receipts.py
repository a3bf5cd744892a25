"""Documents of money that is taken and given back at the venue."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_30_1704_venue_receipts"
down_revision: str | None = "2026_11_30_1703_dispute_answers"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE receipts ALTER COLUMN payment_id DROP NOT NULL, ADD COLUMN venue_payment_id uuid,"
        " ADD CONSTRAINT fk_receipts_venue_payment_id_venue_payments"
        " FOREIGN KEY (venue_payment_id) REFERENCES venue_payments (id),"
        " ADD CONSTRAINT ck_receipts_of_one_payment CHECK (num_nonnulls(payment_id, venue_payment_id) = 1)"
    )
    op.execute(
        "CREATE UNIQUE INDEX uq_receipts_venue_payment_id ON receipts (venue_payment_id)"
        " WHERE venue_payment_id IS NOT NULL"
    )


def downgrade() -> None:
    op.execute("DROP INDEX uq_receipts_venue_payment_id")
    op.execute(
        "ALTER TABLE receipts DROP CONSTRAINT ck_receipts_of_one_payment, DROP COLUMN venue_payment_id,"
        " ALTER COLUMN payment_id SET NOT NULL"
    )
