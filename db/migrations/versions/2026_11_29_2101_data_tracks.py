"""A film may be rejected because of a track that is neither picture nor sound."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_29_2101_data_tracks"
down_revision: str | None = "2026_11_29_2059_factor_resets"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_BEFORE = "'unknown_type', 'type_mismatch', 'too_large', 'too_many_pixels', 'too_many_frames'"
_AFTER = "'broken', 'missing', 'not_processed'"


def upgrade() -> None:
    _allow(f"{_BEFORE}, 'data_track', {_AFTER}")


def downgrade() -> None:
    op.execute("UPDATE business_media SET rejection = 'broken' WHERE rejection = 'data_track'")
    _allow(f"{_BEFORE}, {_AFTER}")


def _allow(rejections: str) -> None:
    op.execute("ALTER TABLE business_media DROP CONSTRAINT ck_business_media_rejection_known")
    op.execute(
        "ALTER TABLE business_media ADD CONSTRAINT ck_business_media_rejection_known"
        f" CHECK (rejection IN ({rejections}))"
    )
