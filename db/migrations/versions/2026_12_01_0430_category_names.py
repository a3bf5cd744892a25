"""The category of a service is a text in Japanese, English or both, as its name is.

A text that is written in ASCII becomes the English one, every other the Japanese one. Processes of the release before show a category as
JSON text, and cannot change one, until they are replaced.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "2026_12_01_0430_category_names"
down_revision: str | None = "2026_12_01_0412_first_free"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.alter_column(
        "services",
        "category",
        type_=postgresql.JSONB(),
        existing_type=sa.Text(),
        existing_nullable=True,
        postgresql_using="CASE WHEN category IS NOT NULL THEN jsonb_build_object("
        "CASE WHEN category ~ '[^ -~]' THEN 'ja' ELSE 'en' END, category) END",
    )
    op.create_check_constraint(op.f("ck_services_category_bilingual"), "services", "category ?| array['ja', 'en']")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_services_category_bilingual"), "services", type_="check")
    op.alter_column(
        "services",
        "category",
        type_=sa.Text(),
        existing_type=postgresql.JSONB(),
        existing_nullable=True,
        postgresql_using="coalesce(category->>'ja', category->>'en')",
    )
