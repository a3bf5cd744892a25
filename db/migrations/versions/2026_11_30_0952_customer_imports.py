"""Customers from files, and finding customers by their phone number."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_30_0952_customer_imports"
down_revision: str | None = "2026_11_30_0951_customer_merges"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TABLES = (
    """
CREATE TABLE customer_imports (
    id uuid DEFAULT uuidv7() NOT NULL,
    business_id uuid NOT NULL,
    digest text NOT NULL,
    encoding text NOT NULL,
    header text[] NOT NULL,
    columns text[] NOT NULL,
    started_by uuid,
    finished_at timestamptz,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_customer_imports PRIMARY KEY (id),
    CONSTRAINT fk_customer_imports_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id),
    CONSTRAINT fk_customer_imports_started_by_users FOREIGN KEY (started_by) REFERENCES users (id))
""",
    """
CREATE TABLE customer_import_rows (
    import_id uuid NOT NULL,
    number integer NOT NULL,
    business_id uuid NOT NULL,
    cells jsonb,
    outcome text DEFAULT 'waiting' NOT NULL,
    reason text,
    left_out text[] DEFAULT '{}' NOT NULL,
    digest text,
    customer_id uuid,
    CONSTRAINT pk_customer_import_rows PRIMARY KEY (import_id, number),
    CONSTRAINT ck_customer_import_rows_outcome_known CHECK (outcome IN ('waiting', 'taken', 'known', 'refused')),
    CONSTRAINT ck_customer_import_rows_reason_known CHECK (reason IN ('no_name', 'columns', 'quotes')),
    CONSTRAINT fk_customer_import_rows_import_id_customer_imports FOREIGN KEY (import_id)
        REFERENCES customer_imports (id),
    CONSTRAINT fk_customer_import_rows_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id),
    CONSTRAINT fk_customer_import_rows_customer_id_customers FOREIGN KEY (customer_id) REFERENCES customers (id))
""",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    op.execute("CREATE UNIQUE INDEX uq_customer_imports_digest ON customer_imports (business_id, digest)")
    op.execute(
        "CREATE INDEX ix_customer_import_rows_waiting ON customer_import_rows (import_id, number)"
        " WHERE outcome = 'waiting'"
    )
    op.execute("CREATE INDEX ix_customer_import_rows_digest ON customer_import_rows (business_id, digest)")
    op.execute("CREATE INDEX ix_customer_import_rows_customer_id ON customer_import_rows (customer_id)")
    op.execute("CREATE INDEX ix_customers_business_id_phone ON customers (business_id, phone)")
    for table in ("customer_imports", "customer_import_rows"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} USING (business_id = (SELECT app_tenant()) OR (SELECT app_platform()))"
        )
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO omotenashi_app")
    op.execute(
        "CREATE TRIGGER touch BEFORE UPDATE ON customer_imports FOR EACH ROW EXECUTE FUNCTION touch_updated_at()"
    )
    op.execute(
        "CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON customer_imports FOR EACH ROW"
        " EXECUTE FUNCTION audit_change()"
    )


def downgrade() -> None:
    op.execute("DROP INDEX ix_customers_business_id_phone")
    op.drop_table("customer_import_rows")
    op.drop_table("customer_imports")
