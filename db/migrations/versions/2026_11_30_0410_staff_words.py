"""When customers hear of another staff member, entries of the waitlist that staff made, and the list of one's series."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "2026_11_30_0410_staff_words"
down_revision: str | None = "2026_11_30_0400_tables"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "business_settings",
        sa.Column("staff_change_notice", sa.Text(), server_default=sa.text("'if_asked_for'"), nullable=False),
    )
    op.create_check_constraint(
        op.f("ck_business_settings_staff_change_notice_known"),
        "business_settings",
        "staff_change_notice IN ('never', 'if_asked_for', 'always')",
    )
    op.add_column(
        "business_settings",
        sa.Column("messages_name_staff", sa.Boolean(), server_default=sa.text("true"), nullable=False),
    )
    op.execute("CREATE POLICY also_read ON booking_series FOR SELECT USING (user_id = (SELECT app_self()))")
    op.add_column("waitlist", sa.Column("proven_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("waitlist", sa.Column("by_staff", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.execute("SELECT set_config('app.scope', 'platform', true)")
    # Until now, an entry without a network was of somebody who had proven the address.
    op.execute(
        "UPDATE waitlist SET proven_at = joined_at"
        " WHERE ip IS NULL AND status <> 'unproven' AND end_reason IS DISTINCT FROM 'unproven'"
    )


def downgrade() -> None:
    op.execute("DROP POLICY also_read ON booking_series")
    op.drop_column("waitlist", "by_staff")
    op.drop_column("waitlist", "proven_at")
    op.drop_column("business_settings", "messages_name_staff")
    op.drop_column("business_settings", "staff_change_notice")
