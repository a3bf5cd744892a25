"""Who got a message of a campaign or an automation is moved with a merge, and found by business where it was merged."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_30_2249_merged_sends"
down_revision: str | None = "2026_11_30_2220_undelivered"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.execute(
        "CREATE TRIGGER follow_merge BEFORE INSERT ON marketing_sends FOR EACH ROW"
        " WHEN (NEW.customer_id IS NOT NULL) EXECUTE FUNCTION follow_merge()"
    )
    op.execute("CREATE INDEX ix_customers_merged ON customers (business_id, id) WHERE merged_into IS NOT NULL")


def downgrade() -> None:
    op.execute("DROP INDEX ix_customers_merged")
    op.execute("DROP TRIGGER follow_merge ON marketing_sends")
