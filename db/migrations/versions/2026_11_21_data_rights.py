"""Exports and erasures that people asked for, and what is kept how long."""

from collections.abc import Sequence

revision: str = "2026_11_21_data_rights"
down_revision: str | None = "2026_11_21_feature_flags"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
