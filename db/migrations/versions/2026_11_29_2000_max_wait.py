"""How long a customer may wait before a service, in a booking of several services."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_29_2000_max_wait"
down_revision: str | None = "2026_11_29_1500_blocks"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.execute("""
        ALTER TABLE services ADD COLUMN max_wait_minutes smallint NOT NULL DEFAULT 0,
        ADD CONSTRAINT ck_services_max_wait_in_quarters CHECK (max_wait_minutes IN (0, 15, 30, 45, 60))
    """)


def downgrade() -> None:
    op.execute("ALTER TABLE services DROP COLUMN max_wait_minutes")
