"""What the message about another card says stays with the booking, whatever the business sets later."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_12_01_0305_card_promise"
down_revision: str | None = "2026_11_30_2255_payment_pages"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Deadlines of now have what their last message says."""
    op.execute("ALTER TABLE bookings ADD COLUMN card_due_cancels boolean")
    op.execute("SELECT set_config('app.scope', 'platform', true)")
    op.execute("""
        UPDATE bookings b SET card_due_cancels = (
            SELECT CAST(n.facts->>'cancels' AS boolean) FROM notification_outbox n
             WHERE n.booking_id = b.id AND n.kind = 'payment_renew' AND n.facts->>'cancels' IS NOT NULL
             ORDER BY n.id DESC LIMIT 1)
         WHERE b.card_due IS NOT NULL
    """)


def downgrade() -> None:
    op.execute("ALTER TABLE bookings DROP COLUMN card_due_cancels")
