"""Accounts of businesses at payment providers, and at which account a payment is."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_30_0926_payment_accounts"
down_revision: str | None = "2026_11_30_0915_message_choices"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.execute("""
CREATE TABLE payment_accounts (
    id uuid DEFAULT uuidv7() NOT NULL,
    business_id uuid NOT NULL,
    provider text NOT NULL,
    public_key text NOT NULL,
    secrets_encrypted bytea NOT NULL,
    key_id text NOT NULL,
    replaced_at timestamptz,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_payment_accounts PRIMARY KEY (id),
    CONSTRAINT ck_payment_accounts_provider_known CHECK (provider IN ('stripe', 'payjp_v1', 'payjp_v2')),
    CONSTRAINT fk_payment_accounts_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id))
""")
    op.execute("CREATE INDEX ix_payment_accounts_business_id_id ON payment_accounts (business_id, id)")
    op.execute(
        "CREATE UNIQUE INDEX uq_payment_accounts_current ON payment_accounts (business_id, provider)"
        " WHERE replaced_at IS NULL"
    )
    op.execute("ALTER TABLE payment_accounts ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE payment_accounts FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant ON payment_accounts"
        " USING (business_id = (SELECT app_tenant()) OR (SELECT app_platform()))"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON payment_accounts TO omotenashi_app")
    op.execute(
        "CREATE TRIGGER touch BEFORE UPDATE ON payment_accounts FOR EACH ROW EXECUTE FUNCTION touch_updated_at()"
    )
    op.execute(
        "CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON payment_accounts FOR EACH ROW"
        " EXECUTE FUNCTION audit_change()"
    )
    for table in ("booking_payments", "payment_webhooks"):
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN account_id uuid"
            f" CONSTRAINT fk_{table}_account_id_payment_accounts REFERENCES payment_accounts (id)"
        )


def downgrade() -> None:
    op.drop_column("payment_webhooks", "account_id")
    op.drop_column("booking_payments", "account_id")
    op.drop_table("payment_accounts")
