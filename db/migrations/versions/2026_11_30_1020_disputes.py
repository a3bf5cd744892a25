"""Disputes with their deadline, evidence, outcome and fee."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_30_1020_disputes"
down_revision: str | None = "2026_11_30_1012_message_texts"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TABLE = """
CREATE TABLE payment_disputes (
    id uuid DEFAULT uuidv7() NOT NULL,
    business_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    booking_id uuid NOT NULL,
    provider_dispute_id text NOT NULL,
    status text DEFAULT 'open' NOT NULL,
    amount bigint NOT NULL,
    currency varchar(3) NOT NULL,
    reason text NOT NULL,
    due_at timestamptz,
    fee bigint,
    evidence jsonb,
    closed_at timestamptz,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_payment_disputes PRIMARY KEY (id),
    CONSTRAINT uq_payment_disputes_payment_id_provider_dispute_id UNIQUE (payment_id, provider_dispute_id),
    CONSTRAINT ck_payment_disputes_status_known CHECK (status IN ('open', 'won', 'lost')),
    CONSTRAINT ck_payment_disputes_amounts_not_negative CHECK (amount >= 0 AND fee >= 0),
    CONSTRAINT ck_payment_disputes_closed_with_its_outcome CHECK ((status = 'open') = (closed_at IS NULL)),
    CONSTRAINT fk_payment_disputes_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id),
    CONSTRAINT fk_payment_disputes_payment_id_booking_payments FOREIGN KEY (payment_id)
        REFERENCES booking_payments (id),
    CONSTRAINT fk_payment_disputes_booking_id_bookings FOREIGN KEY (booking_id) REFERENCES bookings (id))
"""


def upgrade() -> None:
    op.execute(TABLE)
    op.execute("CREATE INDEX ix_payment_disputes_booking_id ON payment_disputes (booking_id)")
    op.execute("ALTER TABLE payment_disputes ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE payment_disputes FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant ON payment_disputes"
        " USING (business_id = (SELECT app_tenant()) OR (SELECT app_platform()))"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON payment_disputes TO omotenashi_app")
    op.execute(
        "CREATE TRIGGER touch BEFORE UPDATE ON payment_disputes FOR EACH ROW EXECUTE FUNCTION touch_updated_at()"
    )
    op.execute(
        "CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON payment_disputes"
        " FOR EACH ROW EXECUTE FUNCTION audit_change()"
    )


def downgrade() -> None:
    op.drop_table("payment_disputes")
