"""Who corrected an entry of money at the venue is a column."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_30_0906_corrected_by"
down_revision: str | None = "2026_11_30_0905_checked_ledger"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE venue_payments ADD COLUMN corrected_by uuid")
    # Until now the id was the beginning of the command's id. The owner of the tables is under their policies too.
    op.execute("SELECT set_config('app.scope', 'platform', true)")
    op.execute("UPDATE venue_payments SET corrected_by = left(command_id, 36)::uuid WHERE corrects IS NOT NULL")
    op.execute(
        "ALTER TABLE venue_payments ADD CONSTRAINT fk_venue_payments_corrected_by_users"
        " FOREIGN KEY (corrected_by) REFERENCES users (id)"
    )
    op.create_check_constraint(
        op.f("ck_venue_payments_correction_has_its_person"),
        "venue_payments",
        "(corrects IS NULL) = (corrected_by IS NULL)",
    )


def downgrade() -> None:
    op.drop_column("venue_payments", "corrected_by")
