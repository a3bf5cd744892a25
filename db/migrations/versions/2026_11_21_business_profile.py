"""Search, earlier slugs and the legal texts of a business."""

from collections.abc import Sequence

revision: str = "2026_11_21_business_profile"
down_revision: str | None = "2026_11_21_media"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
