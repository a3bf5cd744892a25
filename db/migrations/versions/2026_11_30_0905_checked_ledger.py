"""A payment and its ledger cannot differ, and rows of the ledger are never changed."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from db.migrations.statements import apply_functions

revision: str = "2026_11_30_0905_checked_ledger"
down_revision: str | None = "2026_11_30_0448_feed_makers"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FUNCTIONS = {"check_ledger": "5eccf6399393", "refuse_change": "8f607cae4540"}
#: table -> trigger -> the changes that it looks at.
CHECKED = {
    "booking_payments": {
        "check_ledger_new": (
            "INSERT",
            "WHEN (NEW.authorized > 0 OR NEW.captured > 0 OR NEW.refunded > 0 OR NEW.status = 'voided')",
        ),
        "check_ledger": ("UPDATE OF status, authorized, captured, refunded, currency, business_id", ""),
    },
    "payment_transactions": {"check_ledger": ("INSERT", "WHEN (NEW.phase <> 'intended' OR NEW.movement = 'refund')")},
    "refunds": {
        "check_ledger_new": ("INSERT", "WHEN (NEW.status = 'succeeded')"),
        "check_ledger": ("DELETE OR UPDATE OF id, payment_id, status, amount", ""),
    },
}


def upgrade() -> None:
    op.add_column("refunds", sa.Column("awaits_capture", sa.Boolean, nullable=False, server_default=sa.text("false")))
    apply_functions(FUNCTIONS)
    for table, triggers in CHECKED.items():
        for name, (changes, condition) in triggers.items():
            op.execute(
                f"CREATE CONSTRAINT TRIGGER {name} AFTER {changes} ON {table} DEFERRABLE INITIALLY DEFERRED"
                f" FOR EACH ROW {condition} EXECUTE FUNCTION check_ledger()"
            )
    op.execute(
        "CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_transactions"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER refuse_change ON payment_transactions")
    for table, triggers in CHECKED.items():
        for name in triggers:
            op.execute(f"DROP TRIGGER {name} ON {table}")
    op.execute("DROP FUNCTION check_ledger")
    op.execute("DROP FUNCTION refuse_change")
    op.drop_column("refunds", "awaits_capture")
