"""Pictures and films of a business."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "2026_11_21_media"
down_revision: str | None = "2026_11_21_data_rights"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_TENANT = "business_id = (SELECT app_tenant()) OR (SELECT app_platform())"
_SHOWN = (
    "(SELECT app_public()) AND status = 'ready' AND deleted_at IS NULL"
    " AND EXISTS (SELECT 1 FROM businesses b WHERE b.id = business_id)"
)


def upgrade() -> None:
    op.create_table(
        "business_media",
        sa.Column("id", postgresql.UUID(as_uuid=True), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("business_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("upload_key", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("checksum", postgresql.BYTEA(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("variants", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("rejection", sa.Text(), nullable=True),
        sa.Column("captions", postgresql.JSONB(), nullable=True),
        sa.Column("position", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("featured", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["business_id"], ["businesses.id"], name="fk_business_media_business_id_businesses"),
        sa.PrimaryKeyConstraint("id", name="pk_business_media"),
        sa.CheckConstraint("kind IN ('image', 'video')", name=op.f("ck_business_media_kind_known")),
        sa.CheckConstraint(
            "status IN ('uploading', 'processing', 'ready', 'rejected')", name=op.f("ck_business_media_status_known")
        ),
        sa.CheckConstraint(
            "rejection IN ('unknown_type', 'type_mismatch', 'too_large', 'too_many_pixels', 'too_many_frames', 'broken', 'missing', 'not_processed')",
            name=op.f("ck_business_media_rejection_known"),
        ),
        sa.CheckConstraint(
            "(status = 'rejected') = (rejection IS NOT NULL)", name=op.f("ck_business_media_rejected_with_reason")
        ),
        sa.CheckConstraint("NOT featured OR status = 'ready'", name=op.f("ck_business_media_featured_is_ready")),
        sa.CheckConstraint("captions ?| array['ja', 'en']", name=op.f("ck_business_media_captions_bilingual")),
    )
    op.create_index("ix_business_media_shown", "business_media", ["business_id", "position", "id"])
    op.create_index("uq_business_media_upload_key", "business_media", ["upload_key"], unique=True)
    op.create_index(
        "uq_business_media_featured",
        "business_media",
        ["business_id"],
        unique=True,
        postgresql_where=sa.text("featured AND deleted_at IS NULL"),
    )
    op.execute("ALTER TABLE business_media ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE business_media FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON business_media USING ({_TENANT})")
    op.execute(f"CREATE POLICY also_read ON business_media FOR SELECT USING ({_SHOWN})")
    op.execute(
        "CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON business_media"
        " FOR EACH ROW EXECUTE FUNCTION audit_change()"
    )
    op.execute("CREATE TRIGGER touch BEFORE UPDATE ON business_media FOR EACH ROW EXECUTE FUNCTION touch_updated_at()")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON business_media TO omotenashi_app")


def downgrade() -> None:
    op.drop_table("business_media")
