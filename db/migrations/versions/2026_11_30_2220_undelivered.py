"""An index of the messages that did not arrive, for the operators' list."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_30_2220_undelivered"
down_revision: str | None = "2026_11_30_2215_asks_kana"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.execute(
        "CREATE INDEX ix_notification_outbox_undelivered ON notification_outbox (status, id)"
        " WHERE status IN ('failed', 'bounced', 'dropped')"
    )


def downgrade() -> None:
    op.execute("DROP INDEX ix_notification_outbox_undelivered")
