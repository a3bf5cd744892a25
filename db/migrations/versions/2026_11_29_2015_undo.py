"""Staff can undo a step of a booking for some minutes."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_29_2015_undo"
down_revision: str | None = "2026_11_29_2000_max_wait"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.execute("""
        ALTER TABLE bookings ADD COLUMN undo_until timestamptz, ADD COLUMN undo_to text,
        ADD CONSTRAINT ck_bookings_undo_whole CHECK ((undo_until IS NULL) = (undo_to IS NULL)),
        ADD CONSTRAINT ck_bookings_undo_to_known CHECK (undo_to IN ('pending', 'confirmed', 'checked_in', 'completed',
            'no_show', 'cancelled', 'declined', 'expired'))
    """)
    op.execute("""
        ALTER TABLE business_settings ADD COLUMN undo_within interval NOT NULL DEFAULT interval '10 minutes',
        ADD CONSTRAINT ck_business_settings_undo_in_range
            CHECK (undo_within BETWEEN interval '0' AND interval '1 day')
    """)


def downgrade() -> None:
    op.execute("ALTER TABLE business_settings DROP COLUMN undo_within")
    op.execute("ALTER TABLE bookings DROP COLUMN undo_until, DROP COLUMN undo_to")
