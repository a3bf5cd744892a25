"""Receipts with their files and numbers, and services without tax."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_30_0411_receipts"
down_revision: str | None = "2026_11_30_0410_staff_words"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TABLES = (
    """
CREATE TABLE receipt_numbers (
    business_id uuid NOT NULL,
    year smallint NOT NULL,
    last integer NOT NULL,
    CONSTRAINT pk_receipt_numbers PRIMARY KEY (business_id, year),
    CONSTRAINT ck_receipt_numbers_last_positive CHECK (last > 0),
    CONSTRAINT fk_receipt_numbers_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id))
""",
    """
CREATE TABLE receipts (
    id uuid DEFAULT uuidv7() NOT NULL,
    business_id uuid NOT NULL,
    booking_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    refund_id uuid,
    kind text NOT NULL,
    year smallint NOT NULL,
    sequence integer NOT NULL,
    number text NOT NULL,
    issued_on date NOT NULL,
    supplied_on date NOT NULL,
    recipient text,
    party text NOT NULL,
    total bigint NOT NULL,
    currency varchar(3) NOT NULL,
    content jsonb NOT NULL,
    digest text NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_receipts PRIMARY KEY (id),
    CONSTRAINT uq_receipts_business_id_year_sequence UNIQUE (business_id, year, sequence),
    CONSTRAINT ck_receipts_kind_known CHECK (kind IN
        ('qualified_invoice', 'simplified_invoice', 'receipt', 'credit_note', 'refund_note')),
    CONSTRAINT ck_receipts_total_positive CHECK (total > 0),
    CONSTRAINT ck_receipts_sequence_positive CHECK (sequence > 0),
    CONSTRAINT fk_receipts_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id),
    CONSTRAINT fk_receipts_booking_id_bookings FOREIGN KEY (booking_id) REFERENCES bookings (id),
    CONSTRAINT fk_receipts_payment_id_booking_payments FOREIGN KEY (payment_id) REFERENCES booking_payments (id),
    CONSTRAINT fk_receipts_refund_id_refunds FOREIGN KEY (refund_id) REFERENCES refunds (id))
""",
    """
CREATE TABLE receipt_files (
    id uuid DEFAULT uuidv7() NOT NULL,
    business_id uuid NOT NULL,
    receipt_id uuid NOT NULL,
    language text NOT NULL,
    file bytea NOT NULL,
    digest text NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_receipt_files PRIMARY KEY (id),
    CONSTRAINT uq_receipt_files_receipt_id_language UNIQUE (receipt_id, language),
    CONSTRAINT ck_receipt_files_language_known CHECK (language IN ('ja', 'en')),
    CONSTRAINT fk_receipt_files_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id),
    CONSTRAINT fk_receipt_files_receipt_id_receipts FOREIGN KEY (receipt_id) REFERENCES receipts (id))
""",
)
INDEXES = (
    "CREATE UNIQUE INDEX uq_receipts_payment_id ON receipts (payment_id) WHERE refund_id IS NULL",
    "CREATE UNIQUE INDEX uq_receipts_refund_id ON receipts (refund_id) WHERE refund_id IS NOT NULL",
    "CREATE INDEX ix_receipts_business_id_issued_on_id ON receipts (business_id, issued_on, id)",
    "CREATE INDEX ix_receipts_business_id_total_id ON receipts (business_id, total, id)",
    "CREATE INDEX ix_receipts_booking_id ON receipts (booking_id)",
)


def upgrade() -> None:
    for table in TABLES:
        op.execute(table)
    for index in INDEXES:
        op.execute(index)
    for name in ("receipt_numbers", "receipts", "receipt_files"):
        op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {name} USING (business_id = (SELECT app_tenant()) OR (SELECT app_platform()))"
        )
    op.execute("GRANT SELECT, INSERT, UPDATE ON receipt_numbers TO omotenashi_app")
    # A document is written once: nobody changes or deletes it.
    op.execute("GRANT SELECT, INSERT ON receipts, receipt_files TO omotenashi_app")
    op.execute("ALTER TABLE services DROP CONSTRAINT ck_services_tax_percent_known")
    op.create_check_constraint(op.f("ck_services_tax_percent_known"), "services", "tax_percent IN (0, 8, 10)")


def downgrade() -> None:
    for name in ("receipt_files", "receipts", "receipt_numbers"):
        op.drop_table(name)
    op.execute("ALTER TABLE services DROP CONSTRAINT ck_services_tax_percent_known")
    op.create_check_constraint(op.f("ck_services_tax_percent_known"), "services", "tax_percent IN (8, 10)")
