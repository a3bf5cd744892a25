"""Customers: links to proven logins, pairs that are two people, an order by kana; and requests for reviews."""

from collections.abc import Sequence

from alembic import op

from db.migrations.statements import apply_functions

revision: str = "2026_11_30_1657_customer_links"
down_revision: str | None = "2026_11_30_1656_campaigns"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FUNCTIONS = {"link_proven_address": "9986a1c13fa4", "link_customer": "ab7bde520530"}
_KANA = (
    "coalesce(((family_name_kana COLLATE \"C\") || ' '::text) || coalesce(given_name_kana, ''::text),"
    " ((chr(65535) || family_name) || ' '::text) || given_name)"
)


def _replace_in_check(table: str, name: str, old: str, new: str) -> None:
    """Change a part of the list of a check constraint, and leave what other migrations have put into it."""
    old, new = (part.replace("'", "''") for part in (old, new))
    op.execute(f"""
DO $$
DECLARE was text;
BEGIN
    SELECT pg_get_constraintdef(oid) INTO was FROM pg_constraint WHERE conname = '{name}';
    ALTER TABLE {table} DROP CONSTRAINT {name};
    EXECUTE 'ALTER TABLE {table} ADD CONSTRAINT {name} ' || replace(was, '{old}', '{new}');
END $$
""")


def upgrade() -> None:
    op.execute("ALTER TABLE customers ADD COLUMN unlinked_user_id uuid")
    op.execute(
        "ALTER TABLE customers ADD CONSTRAINT fk_customers_unlinked_user_id_users"
        " FOREIGN KEY (unlinked_user_id) REFERENCES users (id)"
    )
    op.execute(f"CREATE INDEX ix_customers_kana ON customers (business_id, ({_KANA}), id) WHERE deleted_at IS NULL")
    op.execute(
        "CREATE INDEX ix_customers_email_key ON customers (email_key) WHERE user_id IS NULL AND deleted_at IS NULL"
    )
    op.execute("""
CREATE TABLE customer_pairs_apart (
    first_id uuid NOT NULL,
    second_id uuid NOT NULL,
    business_id uuid NOT NULL,
    said_by uuid,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_customer_pairs_apart PRIMARY KEY (first_id, second_id),
    CONSTRAINT fk_customer_pairs_apart_first_id_customers FOREIGN KEY (first_id)
        REFERENCES customers (id) ON DELETE CASCADE,
    CONSTRAINT fk_customer_pairs_apart_second_id_customers FOREIGN KEY (second_id)
        REFERENCES customers (id) ON DELETE CASCADE,
    CONSTRAINT fk_customer_pairs_apart_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id),
    CONSTRAINT fk_customer_pairs_apart_said_by_users FOREIGN KEY (said_by) REFERENCES users (id))
""")
    op.execute("ALTER TABLE customer_pairs_apart ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE customer_pairs_apart FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant ON customer_pairs_apart"
        " USING (business_id = (SELECT app_tenant()) OR (SELECT app_platform()))"
    )
    op.execute("GRANT SELECT, INSERT, DELETE ON customer_pairs_apart TO omotenashi_app")
    apply_functions(FUNCTIONS)
    op.execute(
        "CREATE TRIGGER link_customer AFTER UPDATE OF email, email_verified_at ON users FOR EACH ROW"
        " WHEN (NEW.email_verified_at IS NOT NULL AND NEW.deleted_at IS NULL"
        " AND (OLD.email_verified_at IS NULL OR OLD.email IS DISTINCT FROM NEW.email))"
        " EXECUTE FUNCTION link_customer()"
    )
    op.execute(
        "CREATE TRIGGER link_customer AFTER UPDATE OF contact_proven_at ON bookings FOR EACH ROW"
        " WHEN (OLD.contact_proven_at IS NULL AND NEW.contact_proven_at IS NOT NULL AND NEW.email IS NOT NULL)"
        " EXECUTE FUNCTION link_customer()"
    )
    op.execute("ALTER TABLE business_settings ADD COLUMN review_request_days smallint DEFAULT 1")
    op.execute(
        "ALTER TABLE business_settings ADD CONSTRAINT ck_business_settings_review_request_in_range"
        " CHECK (review_request_days BETWEEN 1 AND 30)"
    )
    for table in ("notification_outbox", "notification_preferences"):
        _replace_in_check(
            table,
            f"ck_{table}_kind_known",
            "'review_replied'::text",
            "'review_requested'::text, 'review_replied'::text",
        )


def downgrade() -> None:
    for table in ("notification_outbox", "notification_preferences"):
        op.execute(f"DELETE FROM {table} WHERE kind = 'review_requested'")
        _replace_in_check(table, f"ck_{table}_kind_known", "'review_requested'::text, ", "")
    op.execute("ALTER TABLE business_settings DROP COLUMN review_request_days")
    op.execute("DROP TRIGGER link_customer ON bookings")
    op.execute("DROP TRIGGER link_customer ON users")
    op.execute("DROP FUNCTION link_customer()")
    op.execute("DROP FUNCTION link_proven_address(uuid, text)")
    op.drop_table("customer_pairs_apart")
    op.execute("DROP INDEX ix_customers_email_key")
    op.execute("DROP INDEX ix_customers_kana")
    op.execute("ALTER TABLE customers DROP COLUMN unlinked_user_id")
