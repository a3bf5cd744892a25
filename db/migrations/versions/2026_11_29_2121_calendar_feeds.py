"""Calendar feeds, the setting that names customers in them, and a version of each time of a block."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_29_2121_calendar_feeds"
down_revision: str | None = "2026_11_29_2120_unproven_holds"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FEEDS = """
CREATE TABLE calendar_feeds (
    id uuid DEFAULT uuidv7() NOT NULL,
    business_id uuid NOT NULL,
    resource_id uuid,
    token_hash bytea NOT NULL,
    rotated_at timestamptz,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_calendar_feeds PRIMARY KEY (id),
    CONSTRAINT fk_calendar_feeds_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id),
    CONSTRAINT fk_calendar_feeds_resource_id_resources FOREIGN KEY (resource_id) REFERENCES resources (id))
"""


def upgrade() -> None:
    op.execute(FEEDS)
    op.execute("CREATE INDEX ix_calendar_feeds_business_id ON calendar_feeds (business_id, id)")
    op.execute("ALTER TABLE calendar_feeds ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE calendar_feeds FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant ON calendar_feeds USING (business_id = (SELECT app_tenant()) OR (SELECT app_platform()))"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON calendar_feeds TO omotenashi_app")
    op.execute("CREATE TRIGGER touch BEFORE UPDATE ON calendar_feeds FOR EACH ROW EXECUTE FUNCTION touch_updated_at()")
    op.execute(
        "CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON calendar_feeds FOR EACH ROW"
        " EXECUTE FUNCTION audit_change()"
    )
    op.execute("ALTER TABLE business_settings ADD COLUMN feeds_name_customers boolean NOT NULL DEFAULT false")
    op.execute("ALTER TABLE block_times ADD COLUMN version integer NOT NULL DEFAULT 0")


def downgrade() -> None:
    op.execute("ALTER TABLE block_times DROP COLUMN version")
    op.execute("ALTER TABLE business_settings DROP COLUMN feeds_name_customers")
    op.drop_table("calendar_feeds")
