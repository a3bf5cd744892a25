"""A message that a rule of the platform keeps back has a status of its own."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_29_2029_dropped_messages"
down_revision: str | None = "2026_11_29_2015_undo"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_KNOWN = ("queued", "sent", "delivered", "bounced", "failed")


def _allow(*statuses: str) -> None:
    listed = ", ".join(f"'{one}'" for one in statuses)
    op.execute("ALTER TABLE notification_outbox DROP CONSTRAINT ck_notification_outbox_status_known")
    op.execute(
        "ALTER TABLE notification_outbox ADD CONSTRAINT ck_notification_outbox_status_known"
        f" CHECK (status IN ({listed}))"
    )


def upgrade() -> None:
    _allow(*_KNOWN, "dropped")


def downgrade() -> None:
    op.execute("ALTER TABLE notification_outbox NO FORCE ROW LEVEL SECURITY")
    op.execute("UPDATE notification_outbox SET status = 'failed' WHERE status = 'dropped'")
    op.execute("ALTER TABLE notification_outbox FORCE ROW LEVEL SECURITY")
    _allow(*_KNOWN)
