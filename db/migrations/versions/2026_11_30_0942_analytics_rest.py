"""Figures of business days: money taken at the venue, reviews, and blocked time."""

from collections.abc import Sequence

from alembic import op

from db.migrations.statements import apply_functions

revision: str = "2026_11_30_0942_analytics_rest"
down_revision: str | None = "2026_11_30_0926_payment_accounts"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FUNCTIONS = {"mark_blocked_days": "6263a0a7af00"}
ADDED = {
    "analytics_daily": {"venue": "bigint", "reviews": "integer", "rating_sum": "integer", "blocked_minutes": "integer"},
    "analytics_daily_resources": {"blocked_minutes": "integer"},
}


def upgrade() -> None:
    for table, columns in ADDED.items():
        for name, kind in columns.items():
            op.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind} NOT NULL DEFAULT 0")
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {name} DROP DEFAULT")
    apply_functions(FUNCTIONS)
    for event in ("INSERT", "DELETE"):
        row = "NEW" if event == "INSERT" else "OLD"
        op.execute(
            f"CREATE TRIGGER mark_blocked_days_{event.lower()} AFTER {event} ON block_times FOR EACH ROW"
            f" WHEN ({row}.starts_at < now()) EXECUTE FUNCTION mark_blocked_days()"
        )
    op.execute("SELECT set_config('app.scope', 'platform', true)")
    # The next night computes the new figures of the days that are there.
    op.execute(
        "INSERT INTO analytics_stale_days (business_id, day) SELECT business_id, day FROM analytics_daily"
        " ON CONFLICT DO NOTHING"
    )


def downgrade() -> None:
    for event in ("insert", "delete"):
        op.execute(f"DROP TRIGGER mark_blocked_days_{event} ON block_times")
    op.execute("DROP FUNCTION mark_blocked_days")
    for table, columns in ADDED.items():
        for name in columns:
            op.drop_column(table, name)
