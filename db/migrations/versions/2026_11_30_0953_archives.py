"""Archives of everything that a business owns."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_30_0953_archives"
down_revision: str | None = "2026_11_30_0952_customer_imports"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_TABLE = """
CREATE TABLE business_archives (
    id uuid DEFAULT uuidv7() NOT NULL,
    business_id uuid NOT NULL,
    status text DEFAULT 'queued' NOT NULL,
    size integer,
    ready_at timestamptz,
    expires_at timestamptz,
    linked_at timestamptz,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_business_archives PRIMARY KEY (id),
    CONSTRAINT ck_business_archives_status_known CHECK (status IN ('queued', 'ready', 'failed', 'expired')),
    CONSTRAINT ck_business_archives_ready_has_an_end CHECK (status <> 'ready' OR expires_at IS NOT NULL),
    CONSTRAINT fk_business_archives_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id))
"""


def upgrade() -> None:
    op.execute(_TABLE)
    op.execute(
        "CREATE UNIQUE INDEX uq_business_archives_queued ON business_archives (business_id) WHERE status = 'queued'"
    )
    op.execute("CREATE INDEX ix_business_archives_business_id ON business_archives (business_id, id)")
    op.execute("ALTER TABLE business_archives ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE business_archives FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant ON business_archives"
        " USING (business_id = (SELECT app_tenant()) OR (SELECT app_platform()))"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON business_archives TO omotenashi_app")
    op.execute(
        "CREATE TRIGGER touch BEFORE UPDATE ON business_archives FOR EACH ROW EXECUTE FUNCTION touch_updated_at()"
    )
    op.execute(
        "CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON business_archives FOR EACH ROW"
        " EXECUTE FUNCTION audit_change()"
    )


def downgrade() -> None:
    op.drop_table("business_archives")
