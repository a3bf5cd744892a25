"""A row of an import that the database refuses, and indexes that find possible duplicates of a customer."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_30_1046_import_refusals"
down_revision: str | None = "2026_11_30_1032_account_events"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_REASON = "ck_customer_import_rows_reason_known"


def upgrade() -> None:
    op.execute(f"ALTER TABLE customer_import_rows DROP CONSTRAINT {_REASON}")
    op.execute(
        f"ALTER TABLE customer_import_rows ADD CONSTRAINT {_REASON}"
        " CHECK (reason IN ('no_name', 'columns', 'quotes', 'not_stored'))"
    )
    op.execute("CREATE INDEX ix_customers_business_id_id ON customers (business_id, id)")
    op.execute(
        "CREATE INDEX ix_customers_name_and_birthday ON customers (business_id, birthday, family_name, given_name)"
        " WHERE birthday IS NOT NULL"
    )
    op.execute(
        "CREATE INDEX ix_customers_kana_and_birthday"
        " ON customers (business_id, birthday, family_name_kana, given_name_kana)"
        " WHERE birthday IS NOT NULL AND family_name_kana IS NOT NULL"
    )


def downgrade() -> None:
    op.execute("DROP INDEX ix_customers_kana_and_birthday")
    op.execute("DROP INDEX ix_customers_name_and_birthday")
    op.execute("DROP INDEX ix_customers_business_id_id")
    op.execute(f"ALTER TABLE customer_import_rows DROP CONSTRAINT {_REASON}")
    op.execute(
        f"ALTER TABLE customer_import_rows ADD CONSTRAINT {_REASON} CHECK (reason IN ('no_name', 'columns', 'quotes'))"
    )
