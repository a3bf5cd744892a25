"""Whether money for a booking is in the inbox that nobody has applied yet: a hold that it pays for is not swept."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_21_money_in_the_inbox"
down_revision: str | None = "2026_11_21_authorisation_renewal"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    # The inbox is the platform's alone; whoever is in a tenant's scope learns this one bit of it.
    op.execute("""
        CREATE FUNCTION app_money_waits(booking uuid) RETURNS boolean LANGUAGE plpgsql AS $$
        DECLARE was text := current_setting('app.scope', true); waits boolean;
        BEGIN
            PERFORM set_config('app.scope', 'platform', true);
            SELECT EXISTS (
                SELECT 1 FROM payment_webhooks w JOIN booking_payments p ON p.id = w.payment_id
                 WHERE p.booking_id = booking AND w.applied_at IS NULL
                   AND w.news->'intent'->>'status' IN ('captured', 'authorized')) INTO waits;
            PERFORM set_config('app.scope', was, true);
            RETURN waits;
        END $$
    """)


def downgrade() -> None:
    op.execute("DROP FUNCTION app_money_waits(uuid)")
