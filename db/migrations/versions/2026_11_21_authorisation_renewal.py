"""When a card's promise lapses, so that it can be renewed in time."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "2026_11_21_authorisation_renewal"
down_revision: str | None = "2026_11_21_tenancy_and_audit"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("booking_payments", sa.Column("authorized_until", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("booking_payments", "authorized_until")
