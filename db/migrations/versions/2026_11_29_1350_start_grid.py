"""What the minutes between offered starts count from: the opening, or midnight."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_29_1350_start_grid"
down_revision: str | None = "2026_11_29_1340_places_sold"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.execute("""
        ALTER TABLE business_settings ADD COLUMN start_grid text NOT NULL DEFAULT 'opening',
        ADD CONSTRAINT ck_business_settings_start_grid_known CHECK (start_grid IN ('opening', 'clock'))
    """)


def downgrade() -> None:
    op.execute("ALTER TABLE business_settings DROP COLUMN start_grid")
