"""The reason of a refund is one of the domain's values."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_29_1240_refund_reasons"
down_revision: str | None = "2026_11_29_1200_baseline"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_REASONS = """reason IN ('requested', 'duplicate', 'service', 'goodwill', 'cancelled', 'declined', 'late', 'no_show',
    'provider')"""


def upgrade() -> None:
    op.create_check_constraint(op.f("ck_refunds_reason_known"), "refunds", _REASONS)


def downgrade() -> None:
    op.drop_constraint(op.f("ck_refunds_reason_known"), "refunds")
