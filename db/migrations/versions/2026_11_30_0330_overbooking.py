"""Who took a time although it was not free."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "2026_11_30_0330_overbooking"
down_revision: str | None = "2026_11_30_0301_provisional"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("bookings", sa.Column("overbooked_by", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_bookings_overbooked_by_users"), "bookings", "users", ["overbooked_by"], ["id"])


def downgrade() -> None:
    op.drop_column("bookings", "overbooked_by")
