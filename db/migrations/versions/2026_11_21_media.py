"""Pictures and films of a business."""

from collections.abc import Sequence

revision: str = "2026_11_21_media"
down_revision: str | None = "2026_11_21_data_rights"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
