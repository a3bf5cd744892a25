"""A booking keeps what is paid at the venue."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_30_0300_due_at_venue"
down_revision: str | None = "2026_11_29_2144_chosen_by"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE bookings ADD COLUMN due_at_venue bigint NOT NULL DEFAULT 0")
    op.execute("ALTER TABLE bookings NO FORCE ROW LEVEL SECURITY")
    op.execute("UPDATE bookings SET due_at_venue = price - amount_due WHERE payment_mode <> 'none'")
    op.execute("ALTER TABLE bookings FORCE ROW LEVEL SECURITY")
    op.create_check_constraint(
        op.f("ck_bookings_dues_in_order"), "bookings", "due_at_venue >= 0 AND amount_due + due_at_venue <= price"
    )


def downgrade() -> None:
    op.drop_column("bookings", "due_at_venue")
