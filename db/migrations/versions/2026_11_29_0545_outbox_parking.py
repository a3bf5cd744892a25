"""Outbox rows that cannot be delivered are parked."""

import sqlalchemy as sa
from alembic import op

revision: str = "2026_11_29_0545_outbox_parking"
down_revision: str | None = "2026_11_21_search_paths"

_OPEN = "command IS NOT NULL AND delivered_at IS NULL"
_TRIED = f"{_OPEN} AND parked_at IS NULL"


def upgrade() -> None:
    """Columns for parking, and indexes that leave parked rows out."""
    op.add_column("outbox", sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("outbox", sa.Column("parked_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_index("ix_outbox_undelivered", table_name="outbox")
    op.create_index("ix_outbox_undelivered", "outbox", ["aggregate", "id"], postgresql_where=sa.text(_TRIED))
    op.create_index("ix_outbox_due", "outbox", ["not_before", "id"], postgresql_where=sa.text(_TRIED))
    op.create_index(
        "ix_outbox_parked",
        "outbox",
        ["id"],
        postgresql_where=sa.text("parked_at IS NOT NULL AND delivered_at IS NULL"),
    )


def downgrade() -> None:
    """Parked rows are tried again by the code of before."""
    op.drop_index("ix_outbox_parked", table_name="outbox")
    op.drop_index("ix_outbox_due", table_name="outbox")
    op.drop_index("ix_outbox_undelivered", table_name="outbox")
    op.create_index("ix_outbox_undelivered", "outbox", ["aggregate", "id"], postgresql_where=sa.text(_OPEN))
    op.drop_column("outbox", "parked_at")
    op.drop_column("outbox", "failures")
