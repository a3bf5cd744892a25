"""With which terms the provider's page of a payment was opened, and ids of intents that are unique at one account."""

from collections.abc import Sequence

from alembic import op

from db.migrations.statements import apply_functions

revision: str = "2026_11_30_2255_payment_pages"
down_revision: str | None = "2026_11_30_2249_merged_sends"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FUNCTIONS = {"app_receive_event": "88f9a3368693"}
_FORMER = "uq_booking_payments_provider_provider_intent_id"


def upgrade() -> None:
    op.execute("ALTER TABLE booking_payments ADD COLUMN checkout_order jsonb")
    op.execute("""
        CREATE UNIQUE INDEX uq_booking_payments_intent
            ON booking_payments (provider, provider_intent_id, account_id) NULLS NOT DISTINCT
         WHERE provider_intent_id IS NOT NULL
    """)
    op.execute(f"ALTER TABLE booking_payments DROP CONSTRAINT {_FORMER}")
    apply_functions(FUNCTIONS)


def downgrade() -> None:
    """Fails where two accounts have equal ids: the release before cannot have both."""
    op.execute(f"ALTER TABLE booking_payments ADD CONSTRAINT {_FORMER} UNIQUE (provider, provider_intent_id)")
    op.execute("DROP INDEX uq_booking_payments_intent")
    op.execute("ALTER TABLE booking_payments DROP COLUMN checkout_order")
