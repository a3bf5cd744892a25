"""A business that changes its identity after its approval is reviewed again: one more kind of decision."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_29_1430_identity_changes"
down_revision: str | None = "2026_11_29_1425_whose_visits"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_KNOWN = ("submitted", "info_requested", "resubmitted", "approved", "rejected", "closed", "suspended", "reinstated")


def _allow(*decisions: str) -> None:
    listed = ", ".join(f"'{one}'" for one in decisions)
    op.execute("ALTER TABLE business_decisions DROP CONSTRAINT ck_business_decisions_decision_known")
    op.execute(
        "ALTER TABLE business_decisions ADD CONSTRAINT ck_business_decisions_decision_known"
        f" CHECK (decision IN ({listed}))"
    )


def upgrade() -> None:
    _allow(*_KNOWN, "identity_changed")


def downgrade() -> None:
    op.execute("ALTER TABLE business_decisions NO FORCE ROW LEVEL SECURITY")
    op.execute("DELETE FROM business_decisions WHERE decision = 'identity_changed'")
    op.execute("ALTER TABLE business_decisions FORCE ROW LEVEL SECURITY")
    _allow(*_KNOWN)
