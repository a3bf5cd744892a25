"""Payouts of the providers to the bank, and the entries that each consists of, with their fees."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_30_1702_payouts"
down_revision: str | None = "2026_11_30_1701_dispute_times"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

PAYOUTS = """
CREATE TABLE payment_payouts (
    id uuid DEFAULT uuidv7() NOT NULL,
    business_id uuid,
    account_id uuid,
    provider text NOT NULL,
    provider_payout_id text NOT NULL,
    status text NOT NULL,
    amount bigint NOT NULL,
    entries_net bigint NOT NULL,
    fees bigint NOT NULL,
    currency varchar(3) NOT NULL,
    made_at timestamptz NOT NULL,
    arrives_on date,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_payment_payouts PRIMARY KEY (id),
    CONSTRAINT uq_payment_payouts_provider_account_id_provider_payout_id
        UNIQUE NULLS NOT DISTINCT (provider, account_id, provider_payout_id),
    CONSTRAINT ck_payment_payouts_status_known CHECK (status IN ('pending', 'paid', 'failed')),
    CONSTRAINT ck_payment_payouts_provider_known CHECK (provider IN ('stripe', 'payjp_v1', 'payjp_v2')),
    CONSTRAINT fk_payment_payouts_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id),
    CONSTRAINT fk_payment_payouts_account_id_payment_accounts FOREIGN KEY (account_id)
        REFERENCES payment_accounts (id))
"""
ENTRIES = """
CREATE TABLE payment_payout_entries (
    id uuid DEFAULT uuidv7() NOT NULL,
    business_id uuid,
    payout_id uuid NOT NULL,
    payment_id uuid,
    provider_entry_id text NOT NULL,
    kind text NOT NULL,
    intent_id text,
    amount bigint NOT NULL,
    fee bigint NOT NULL,
    currency varchar(3) NOT NULL,
    entered_at timestamptz NOT NULL,
    is_computed boolean DEFAULT false NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_payment_payout_entries PRIMARY KEY (id),
    CONSTRAINT uq_payment_payout_entries_payout_id_provider_entry_id UNIQUE (payout_id, provider_entry_id),
    CONSTRAINT ck_payment_payout_entries_kind_known
        CHECK (kind IN ('payment', 'refund', 'dispute', 'fee', 'other')),
    CONSTRAINT fk_payment_payout_entries_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id),
    CONSTRAINT fk_payment_payout_entries_payout_id_payment_payouts FOREIGN KEY (payout_id)
        REFERENCES payment_payouts (id),
    CONSTRAINT fk_payment_payout_entries_payment_id_booking_payments FOREIGN KEY (payment_id)
        REFERENCES booking_payments (id))
"""
TABLES = ("payment_payouts", "payment_payout_entries")


def upgrade() -> None:
    op.execute(PAYOUTS)
    op.execute(ENTRIES)
    op.execute("CREATE INDEX ix_payment_payouts_business_id_id ON payment_payouts (business_id, id)")
    op.execute("CREATE INDEX ix_payment_payout_entries_payment_id ON payment_payout_entries (payment_id)")
    op.execute("CREATE TRIGGER touch BEFORE UPDATE ON payment_payouts FOR EACH ROW EXECUTE FUNCTION touch_updated_at()")
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} USING (business_id = (SELECT app_tenant()) OR (SELECT app_platform()))"
        )
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO omotenashi_app")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
