"""Counting requests where Redis is away."""

from collections.abc import Sequence

revision: str = "2026_11_21_rate_limits"
down_revision: str | None = "2026_11_21_guest_links"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
