"""Exports of figures that are too large for one answer, and the e-mail that says that one is ready."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_30_1820_figure_exports"
down_revision: str | None = "2026_11_30_1704_venue_receipts"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_TABLE = """
CREATE TABLE analytics_exports (
    id uuid DEFAULT uuidv7() NOT NULL,
    business_id uuid,
    requested_by uuid NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL,
    format text NOT NULL,
    status text DEFAULT 'queued' NOT NULL,
    size integer,
    ready_at timestamptz,
    expires_at timestamptz,
    linked_at timestamptz,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_analytics_exports PRIMARY KEY (id),
    CONSTRAINT ck_analytics_exports_status_known CHECK (status IN ('queued', 'ready', 'failed', 'expired')),
    CONSTRAINT ck_analytics_exports_format_known CHECK (format IN ('csv', 'parquet')),
    CONSTRAINT ck_analytics_exports_ready_has_an_end CHECK (status <> 'ready' OR expires_at IS NOT NULL),
    CONSTRAINT ck_analytics_exports_days_in_order CHECK (last_day >= first_day),
    CONSTRAINT fk_analytics_exports_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id),
    CONSTRAINT fk_analytics_exports_requested_by_users FOREIGN KEY (requested_by) REFERENCES users (id))
"""
_KIND = """
DO $$
DECLARE was text;
BEGIN
    SELECT pg_get_constraintdef(oid) INTO was FROM pg_constraint WHERE conname = '{name}';
    ALTER TABLE notification_outbox DROP CONSTRAINT {name};
    EXECUTE 'ALTER TABLE notification_outbox ADD CONSTRAINT {name} ' || replace(was, '{old}', '{new}');
END $$
"""
_KNOWN = "ck_notification_outbox_kind_known"
_OLD, _NEW = "''booking_held''::text,", "''booking_held''::text, ''analytics_export_ready''::text,"


def upgrade() -> None:
    op.execute(_TABLE)
    op.execute(
        "CREATE UNIQUE INDEX uq_analytics_exports_queued ON analytics_exports"
        " (requested_by, business_id, first_day, last_day, format) NULLS NOT DISTINCT WHERE status = 'queued'"
    )
    op.execute("CREATE INDEX ix_analytics_exports_business_id ON analytics_exports (business_id, id)")
    op.execute("ALTER TABLE analytics_exports ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE analytics_exports FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant ON analytics_exports"
        " USING (business_id = (SELECT app_tenant()) OR (SELECT app_platform()))"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON analytics_exports TO omotenashi_app")
    op.execute(
        "CREATE TRIGGER touch BEFORE UPDATE ON analytics_exports FOR EACH ROW EXECUTE FUNCTION touch_updated_at()"
    )
    op.execute(
        "CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON analytics_exports FOR EACH ROW"
        " EXECUTE FUNCTION audit_change()"
    )
    op.execute(_KIND.format(name=_KNOWN, old=_OLD, new=_NEW))


def downgrade() -> None:
    op.drop_table("analytics_exports")
    op.execute("ALTER TABLE notification_outbox NO FORCE ROW LEVEL SECURITY")
    op.execute("DELETE FROM notification_outbox WHERE kind = 'analytics_export_ready'")
    op.execute("ALTER TABLE notification_outbox FORCE ROW LEVEL SECURITY")
    op.execute(_KIND.format(name=_KNOWN, old=_NEW, new=_OLD))
