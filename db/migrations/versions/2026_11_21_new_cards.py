"""A new card for a confirmed booking: a payment that takes the place of one whose authorisation is lost."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "2026_11_21_new_cards"
down_revision: str | None = "2026_11_21_faster_holds"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_OPEN = "status IN ('requires_payment', 'processing', 'authorized', 'captured', 'failed')"


def upgrade() -> None:
    op.add_column("booking_payments", sa.Column("replaces", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_booking_payments_replaces_booking_payments"),
        "booking_payments",
        "booking_payments",
        ["replaces"],
        ["id"],
    )
    _index_open(f"{_OPEN} AND replaces IS NULL")
    op.create_index(
        "uq_booking_payments_replaces",
        "booking_payments",
        ["replaces"],
        unique=True,
        postgresql_where=sa.text("status <> 'voided'"),
    )


def downgrade() -> None:
    op.drop_index("uq_booking_payments_replaces", "booking_payments")
    _index_open(_OPEN)
    op.drop_constraint(op.f("fk_booking_payments_replaces_booking_payments"), "booking_payments", type_="foreignkey")
    op.drop_column("booking_payments", "replaces")


def _index_open(condition: str) -> None:
    op.drop_index("uq_booking_payments_open", "booking_payments")
    op.create_index(
        "uq_booking_payments_open",
        "booking_payments",
        ["booking_id"],
        unique=True,
        postgresql_where=sa.text(condition),
    )
