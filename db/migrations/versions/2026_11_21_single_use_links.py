"""Confirming an e-mail and choosing a new password: links that work once."""

from collections.abc import Sequence

revision: str = "2026_11_21_single_use_links"
down_revision: str | None = "2026_11_21_identity"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
