"""A business that gets another time zone has its business days computed again."""

from collections.abc import Sequence

from alembic import op

from db.migrations.statements import apply_functions

revision: str = "2026_11_30_1953_zone_days"
down_revision: str | None = "2026_11_30_1933_receive_event"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FUNCTIONS = {"mark_zone_days": "f5e94ecd229a"}


def upgrade() -> None:
    apply_functions(FUNCTIONS)
    op.execute(
        "CREATE TRIGGER mark_zone_days AFTER UPDATE OF time_zone ON businesses FOR EACH ROW"
        " WHEN (OLD.time_zone <> NEW.time_zone) EXECUTE FUNCTION mark_zone_days()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER mark_zone_days ON businesses")
    op.execute("DROP FUNCTION mark_zone_days")
