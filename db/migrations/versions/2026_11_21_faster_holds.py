"""What taking a hold asks of Postgres."""

from collections.abc import Sequence

revision: str = "2026_11_21_faster_holds"
down_revision: str | None = "2026_11_21_reaccommodation"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
