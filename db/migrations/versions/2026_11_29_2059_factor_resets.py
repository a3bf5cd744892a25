"""An operator's reset of a second factor waits for its time; its owner gets an e-mail."""

import re
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "2026_11_29_2059_factor_resets"
down_revision: str | None = "2026_11_29_2045_waitlist"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_NAME = "ck_notification_outbox_kind_known"
_KIND = "two_factor_reset_planned"


def _known_kinds() -> list[str]:
    """What could be queued so far, as the constraint says."""
    rule = op.get_bind().scalar(
        sa.text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name"), {"name": _NAME}
    )
    return re.findall(r"'(\w+)'", str(rule))


def _allow(*kinds: str) -> None:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    op.drop_constraint(op.f(_NAME), "notification_outbox")
    op.create_check_constraint(op.f(_NAME), "notification_outbox", f"kind IN ({listed})")


def upgrade() -> None:
    _allow(*_known_kinds(), _KIND)
    op.add_column("user_two_factors", sa.Column("reset_id", sa.Uuid(), nullable=True))
    op.add_column("user_two_factors", sa.Column("reset_at", sa.DateTime(timezone=True), nullable=True))
    op.create_unique_constraint(op.f("uq_user_two_factors_reset_id"), "user_two_factors", ["reset_id"])
    op.create_check_constraint(
        op.f("ck_user_two_factors_reset_whole"), "user_two_factors", "(reset_id IS NULL) = (reset_at IS NULL)"
    )


def downgrade() -> None:
    op.drop_column("user_two_factors", "reset_at")
    op.drop_column("user_two_factors", "reset_id")
    op.execute("ALTER TABLE notification_outbox NO FORCE ROW LEVEL SECURITY")
    op.execute("DELETE FROM notification_outbox WHERE kind = 'two_factor_reset_planned'")
    op.execute("ALTER TABLE notification_outbox FORCE ROW LEVEL SECURITY")
    _allow(*(kind for kind in _known_kinds() if kind != _KIND))
