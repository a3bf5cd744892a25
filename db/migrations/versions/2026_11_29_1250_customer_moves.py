"""Policies say when a customer may move a booking; a booking stores the number of moves and the penalty at that
time."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "2026_11_29_1250_customer_moves"
down_revision: str | None = "2026_11_29_1240_refund_reasons"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_RULES = """'{"max_moves": 3, "hours_before": 0, "in_paid_tier": "keep_penalty", "penalty_kept_days": null}'"""


def upgrade() -> None:
    op.add_column(
        "cancellation_policies",
        sa.Column("moves", postgresql.JSONB(), server_default=sa.text(_RULES), nullable=False),
    )
    op.add_column("bookings", sa.Column("moves", sa.SmallInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column(
        "bookings", sa.Column("kept_penalty_percent", sa.SmallInteger(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column("bookings", sa.Column("kept_penalty_until", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        op.f("ck_bookings_kept_penalty_percent_in_range"), "bookings", "kept_penalty_percent BETWEEN 0 AND 100"
    )
    op.create_check_constraint(op.f("ck_bookings_moves_not_negative"), "bookings", "moves >= 0")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_bookings_moves_not_negative"), "bookings")
    op.drop_constraint(op.f("ck_bookings_kept_penalty_percent_in_range"), "bookings")
    op.drop_column("bookings", "kept_penalty_until")
    op.drop_column("bookings", "kept_penalty_percent")
    op.drop_column("bookings", "moves")
    op.drop_column("cancellation_policies", "moves")
