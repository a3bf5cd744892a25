"""Feature flags and their rollouts."""

from collections.abc import Sequence

revision: str = "2026_11_21_feature_flags"
down_revision: str | None = "2026_11_21_rate_limits"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
