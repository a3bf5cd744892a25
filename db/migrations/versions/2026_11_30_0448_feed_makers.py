"""Who knows the address of a calendar feed: it ends with the work of that person."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_30_0448_feed_makers"
down_revision: str | None = "2026_11_30_0420_customer_notes"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE calendar_feeds ADD COLUMN user_id uuid")
    # Who made a feed before is in the audit trail, which is not kept for ever; those feeds stay with the owner.
    op.execute("UPDATE calendar_feeds f SET user_id = b.owner_id FROM businesses b WHERE b.id = f.business_id")
    op.execute("ALTER TABLE calendar_feeds ALTER COLUMN user_id SET NOT NULL")
    op.execute(
        "ALTER TABLE calendar_feeds ADD CONSTRAINT fk_calendar_feeds_user_id_users FOREIGN KEY (user_id)"
        " REFERENCES users (id)"
    )


def downgrade() -> None:
    op.drop_column("calendar_feeds", "user_id")
