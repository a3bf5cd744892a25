"""A guest's signed link enters the tenant of its one booking."""

from collections.abc import Sequence

revision: str = "2026_11_21_guest_links"
down_revision: str | None = "2026_11_21_single_use_links"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
