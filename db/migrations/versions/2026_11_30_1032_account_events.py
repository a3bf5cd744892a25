"""An event of a provider is stored once for each account that receives it."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_30_1032_account_events"
down_revision: str | None = "2026_11_30_1021_new_receipts"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE payment_webhooks DROP CONSTRAINT uq_payment_webhooks_provider_event_id")
    op.execute(
        "ALTER TABLE payment_webhooks ADD CONSTRAINT uq_payment_webhooks_provider_event_id_account_id"
        " UNIQUE NULLS NOT DISTINCT (provider, event_id, account_id)"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE payment_webhooks DROP CONSTRAINT uq_payment_webhooks_provider_event_id_account_id")
    op.execute(
        "ALTER TABLE payment_webhooks ADD CONSTRAINT uq_payment_webhooks_provider_event_id UNIQUE (provider, event_id)"
    )
