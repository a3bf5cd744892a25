"""Two records of one person become one, and a merge can be undone."""

from collections.abc import Sequence

from alembic import op

from db.migrations.statements import apply_functions

revision: str = "2026_11_30_0951_customer_merges"
down_revision: str | None = "2026_11_30_0942_analytics_rest"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FUNCTIONS = {"follow_merge": "ac73948f7dd2", "app_records_of_person": "487f5ac90447"}
#: Tables whose new rows follow a merge.
FOLLOW = (
    "bookings",
    "booking_series",
    "customer_notes",
    "health_note_reads",
    "notification_outbox",
    "consents",
    "notification_preferences",
)
_TABLE = """
CREATE TABLE customer_merges (
    id uuid DEFAULT uuidv7() NOT NULL,
    business_id uuid NOT NULL,
    kept_id uuid NOT NULL,
    merged_id uuid NOT NULL,
    changes jsonb NOT NULL,
    moved jsonb NOT NULL,
    merged_by uuid,
    undone_by uuid,
    undone_at timestamptz,
    change_key uuid DEFAULT uuidv7() NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_customer_merges PRIMARY KEY (id),
    CONSTRAINT fk_customer_merges_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id),
    CONSTRAINT fk_customer_merges_kept_id_customers FOREIGN KEY (kept_id) REFERENCES customers (id),
    CONSTRAINT fk_customer_merges_merged_id_customers FOREIGN KEY (merged_id) REFERENCES customers (id),
    CONSTRAINT fk_customer_merges_merged_by_users FOREIGN KEY (merged_by) REFERENCES users (id),
    CONSTRAINT fk_customer_merges_undone_by_users FOREIGN KEY (undone_by) REFERENCES users (id))
"""
_RECORDS_BEFORE = """
CREATE OR REPLACE FUNCTION app_records_of_person(person uuid, OUT records uuid[], OUT visits uuid[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE was text := current_setting('app.scope', true);
BEGIN
    IF was IS DISTINCT FROM 'platform' AND current_setting('app.user_id', true) IS DISTINCT FROM person::text THEN
        RAISE EXCEPTION 'another person''s bookings' USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM set_config('app.scope', 'platform', true);
    SELECT coalesce(array_agg(c.id), '{}') INTO records FROM customers c JOIN users u ON u.id = person
     WHERE c.user_id = u.id
        OR (c.user_id IS NULL AND u.email_verified_at IS NOT NULL AND c.email_key = lower(u.email::text)
            AND NOT EXISTS (SELECT FROM bookings b WHERE b.customer_id = c.id AND b.contact_proven_at IS NULL
                               AND b.status IN ('pending', 'confirmed', 'checked_in') AND b.end_at > now()));
    SELECT coalesce(array_agg(b.id), '{}') INTO visits FROM bookings b
     WHERE b.user_id = person OR b.customer_id = ANY (records);
    PERFORM set_config('app.scope', coalesce(was, ''), true);
END $$;
"""


def upgrade() -> None:
    op.execute("ALTER TABLE customers ADD COLUMN merged_into uuid")
    op.execute(
        "ALTER TABLE customers ADD CONSTRAINT fk_customers_merged_into_customers FOREIGN KEY (merged_into)"
        " REFERENCES customers (id)"
    )
    op.execute(
        "ALTER TABLE customers ADD CONSTRAINT ck_customers_merged_is_deleted"
        " CHECK (merged_into IS NULL OR deleted_at IS NOT NULL)"
    )
    op.execute("CREATE INDEX ix_customers_merged_into ON customers (merged_into) WHERE merged_into IS NOT NULL")
    op.execute(_TABLE)
    op.execute("CREATE INDEX ix_customer_merges_kept_id ON customer_merges (kept_id, id)")
    op.execute("CREATE INDEX ix_customer_merges_change_key ON customer_merges (change_key)")
    op.execute("CREATE UNIQUE INDEX uq_customer_merges_open ON customer_merges (merged_id) WHERE undone_at IS NULL")
    op.execute("ALTER TABLE customer_merges ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE customer_merges FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant ON customer_merges USING (business_id = (SELECT app_tenant()) OR (SELECT app_platform()))"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON customer_merges TO omotenashi_app")
    # Readings and consents stay as they are, except whose they are.
    op.execute("GRANT UPDATE (customer_id) ON health_note_reads, consents TO omotenashi_app")
    apply_functions(FUNCTIONS)
    for table in FOLLOW:
        op.execute(
            f"CREATE TRIGGER follow_merge BEFORE INSERT ON {table} FOR EACH ROW"
            " WHEN (NEW.customer_id IS NOT NULL) EXECUTE FUNCTION follow_merge()"
        )


def downgrade() -> None:
    op.execute(_RECORDS_BEFORE)
    for table in FOLLOW:
        op.execute(f"DROP TRIGGER follow_merge ON {table}")
    op.execute("DROP FUNCTION follow_merge")
    op.execute("REVOKE UPDATE (customer_id) ON health_note_reads, consents FROM omotenashi_app")
    op.drop_table("customer_merges")
    op.execute("DROP INDEX ix_customers_merged_into")
    op.execute("ALTER TABLE customers DROP CONSTRAINT ck_customers_merged_is_deleted")
    op.drop_column("customers", "merged_into")
