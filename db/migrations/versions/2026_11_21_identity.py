"""Sessions, refresh tokens, single-use links, lockout and the second factor."""

from collections.abc import Sequence

revision: str = "2026_11_21_identity"
down_revision: str | None = "2026_11_21_letters"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
