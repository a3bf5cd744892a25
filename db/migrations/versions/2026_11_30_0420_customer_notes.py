"""Notes about customers, who read those about health, and what customers come to."""

from collections.abc import Sequence

from alembic import op

from db.migrations.statements import apply_functions

revision: str = "2026_11_30_0420_customer_notes"
down_revision: str | None = "2026_11_30_0411_receipts"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FUNCTIONS = {"count_visit": "c7338ddd59e9", "app_erase_trail": "717b5d3df5b6"}
TABLES = (
    """
CREATE TABLE customer_notes (
    id uuid DEFAULT uuidv7() NOT NULL,
    business_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    kind text NOT NULL,
    body text,
    body_encrypted bytea,
    key_id text,
    pinned boolean DEFAULT false NOT NULL,
    author_id uuid,
    deleted_at timestamptz,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_customer_notes PRIMARY KEY (id),
    CONSTRAINT ck_customer_notes_kind_known
        CHECK (kind IN ('allergy', 'preference', 'restriction', 'special_need', 'general')),
    CONSTRAINT ck_customer_notes_health_is_encrypted
        CHECK (CASE WHEN kind IN ('allergy', 'restriction', 'special_need')
                    THEN body IS NULL AND num_nonnulls(body_encrypted, key_id) = 2
                    ELSE body IS NOT NULL AND num_nonnulls(body_encrypted, key_id) = 0 END),
    CONSTRAINT fk_customer_notes_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id),
    CONSTRAINT fk_customer_notes_customer_id_customers FOREIGN KEY (customer_id) REFERENCES customers (id),
    CONSTRAINT fk_customer_notes_author_id_users FOREIGN KEY (author_id) REFERENCES users (id))
""",
    """
CREATE TABLE health_note_reads (
    id uuid DEFAULT uuidv7() NOT NULL,
    business_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    reader_id uuid NOT NULL,
    note_ids uuid[] NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_health_note_reads PRIMARY KEY (id),
    CONSTRAINT fk_health_note_reads_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id),
    CONSTRAINT fk_health_note_reads_customer_id_customers FOREIGN KEY (customer_id) REFERENCES customers (id),
    CONSTRAINT fk_health_note_reads_reader_id_users FOREIGN KEY (reader_id) REFERENCES users (id))
""",
    """
CREATE TABLE customer_totals (
    business_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    currency varchar(3) NOT NULL,
    visits integer NOT NULL,
    no_shows integer NOT NULL,
    spent bigint NOT NULL,
    CONSTRAINT pk_customer_totals PRIMARY KEY (customer_id, currency),
    CONSTRAINT fk_customer_totals_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id),
    CONSTRAINT fk_customer_totals_customer_id_customers FOREIGN KEY (customer_id) REFERENCES customers (id))
""",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    op.execute("CREATE INDEX ix_customer_notes_customer_id ON customer_notes (customer_id, id)")
    op.execute("CREATE INDEX ix_health_note_reads_customer_id ON health_note_reads (customer_id, id)")
    for table, rights in (
        ("customer_notes", "SELECT, INSERT, UPDATE, DELETE"),
        ("health_note_reads", "SELECT, INSERT, DELETE"),
        ("customer_totals", "SELECT, INSERT, UPDATE, DELETE"),
    ):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} USING (business_id = (SELECT app_tenant()) OR (SELECT app_platform()))"
        )
        op.execute(f"GRANT {rights} ON {table} TO omotenashi_app")
    op.execute("CREATE TRIGGER touch BEFORE UPDATE ON customer_notes FOR EACH ROW EXECUTE FUNCTION touch_updated_at()")
    op.execute(
        "CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON customer_notes FOR EACH ROW"
        " EXECUTE FUNCTION audit_change()"
    )
    apply_functions(FUNCTIONS)
    _count_what_is_there()
    op.execute(
        "CREATE TRIGGER count_visit AFTER INSERT OR DELETE OR UPDATE OF status, customer_id, price, currency ON bookings"
        " FOR EACH ROW EXECUTE FUNCTION count_visit()"
    )


def _count_what_is_there() -> None:
    op.execute("ALTER TABLE bookings NO FORCE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE customer_totals NO FORCE ROW LEVEL SECURITY")
    op.execute(
        "INSERT INTO customer_totals (business_id, customer_id, currency, visits, no_shows, spent)"
        " SELECT business_id, customer_id, currency, count(*) FILTER (WHERE status = 'completed'),"
        " count(*) FILTER (WHERE status = 'no_show'), coalesce(sum(price) FILTER (WHERE status = 'completed'), 0)"
        " FROM bookings WHERE status IN ('completed', 'no_show') GROUP BY business_id, customer_id, currency"
    )
    op.execute("ALTER TABLE customer_totals FORCE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE bookings FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    """`app_erase_trail` stays: it works with the tables of both sides."""
    op.execute("DROP TRIGGER count_visit ON bookings")
    op.execute("DROP FUNCTION count_visit")
    for table in ("customer_totals", "health_note_reads", "customer_notes"):
        op.drop_table(table)
