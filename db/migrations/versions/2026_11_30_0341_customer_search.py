"""The profile of customers, and what they are found by."""

from collections.abc import Sequence

from alembic import op

from db.migrations.statements import apply_functions

revision: str = "2026_11_30_0341_customer_search"
down_revision: str | None = "2026_11_30_0340_venue_payments"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FUNCTIONS = {
    "customer_form": "8df3e3498235",
    "customer_phone_digits": "27fdda1f4d75",
    "customer_pieces": "2cc8366c6e32",
    "customer_tokens": "deedd8b58a26",
    "customer_search_body": "f23df8afaa9e",
    "list_customer": "e2d5c11bb82d",
    "app_find_customers": "d9d7ce0c30f0",
}
SEARCH = """
CREATE TABLE customer_search (
    id uuid NOT NULL,
    business_id uuid NOT NULL,
    body text NOT NULL,
    tokens bigint[] NOT NULL,
    CONSTRAINT pk_customer_search PRIMARY KEY (id),
    CONSTRAINT fk_customer_search_id_customers FOREIGN KEY (id) REFERENCES customers (id) ON DELETE CASCADE,
    CONSTRAINT fk_customer_search_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id))
"""
_COLUMNS = "family_name, given_name, family_name_kana, given_name_kana, phone, email, tags, deleted_at"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE customers ADD COLUMN birthday date, ADD COLUMN tags text[] DEFAULT '{}' NOT NULL,"
        " ADD COLUMN preferences jsonb DEFAULT '{}' NOT NULL"
    )
    op.execute(SEARCH)
    apply_functions(FUNCTIONS)
    op.execute("ALTER TABLE customers NO FORCE ROW LEVEL SECURITY")
    op.execute(
        "INSERT INTO customer_search (id, business_id, body, tokens)"
        " SELECT c.id, c.business_id, f.body, customer_tokens(c.business_id, customer_pieces(f.body))"
        " FROM customers c, LATERAL (SELECT customer_search_body(c.family_name, c.given_name, c.family_name_kana,"
        " c.given_name_kana, c.phone, c.email::text) AS body) f WHERE c.deleted_at IS NULL"
    )
    op.execute("ALTER TABLE customers FORCE ROW LEVEL SECURITY")
    op.execute("CREATE INDEX ix_customer_search_business_id_id ON customer_search (business_id, id)")
    op.execute("CREATE INDEX ix_customer_search_tokens ON customer_search USING gin (tokens)")
    # `app_find_customers` chooses the plan; reading the statistics of so many tokens would cost more than the search.
    op.execute("ALTER TABLE customer_search ALTER COLUMN tokens SET STATISTICS 0")
    op.execute("ALTER TABLE customer_search ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE customer_search FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant ON customer_search TO omotenashi_app"
        " USING (business_id = (SELECT app_tenant()) OR (SELECT app_platform()))"
    )
    # Only the trigger and `app_find_customers` run as the owner of the table.
    op.execute("CREATE POLICY owner ON customer_search TO CURRENT_USER USING (true)")
    op.execute("GRANT SELECT ON customer_search TO omotenashi_app")
    op.execute(
        f"CREATE TRIGGER list_customer AFTER INSERT OR UPDATE OF {_COLUMNS} ON customers FOR EACH ROW"
        " EXECUTE FUNCTION list_customer()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER list_customer ON customers")
    op.drop_table("customer_search")
    for function in reversed(FUNCTIONS):
        op.execute(f"DROP FUNCTION {function}")
    op.execute("ALTER TABLE customers DROP COLUMN preferences, DROP COLUMN tags, DROP COLUMN birthday")
