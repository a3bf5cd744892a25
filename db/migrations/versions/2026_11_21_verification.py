"""Documents and the review that lets a business in."""

from collections.abc import Sequence

revision: str = "2026_11_21_verification"
down_revision: str | None = "2026_11_21_business_profile"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
