"""Exports of all businesses: files of more than 2 GB, and business days in the order of the file without sorting."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_30_2018_export_sizes"
down_revision: str | None = "2026_11_30_1953_zone_days"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_FILES = ("analytics_exports", "business_archives", "data_exports")


def upgrade() -> None:
    for table in _FILES:
        op.execute(f"ALTER TABLE {table} ALTER COLUMN size TYPE bigint")
    op.execute("CREATE INDEX ix_analytics_daily_day ON analytics_daily (day, business_id)")


def downgrade() -> None:
    op.execute("DROP INDEX ix_analytics_daily_day")
    for table in _FILES:
        # A file that does not fit has no size then.
        op.execute(
            f"ALTER TABLE {table} ALTER COLUMN size TYPE integer USING CASE WHEN size < 2147483648 THEN size END"
        )
