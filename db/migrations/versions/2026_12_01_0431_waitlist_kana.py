"""Somebody who waits gives the name in kana too, where the business asks for it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "2026_12_01_0431_waitlist_kana"
down_revision: str | None = "2026_12_01_0430_category_names"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_COLUMNS = ("family_name_kana", "given_name_kana")


def upgrade() -> None:
    for name in _COLUMNS:
        op.add_column("waitlist", sa.Column(name, sa.Text(), nullable=True))


def downgrade() -> None:
    for name in reversed(_COLUMNS):
        op.drop_column("waitlist", name)
