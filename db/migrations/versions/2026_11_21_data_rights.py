"""Exports and erasures that people asked for, and what is kept how long."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_21_data_rights"
down_revision: str | None = "2026_11_21_feature_flags"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# Making a partition is the owner's right. The application borrows exactly that: a month and a few more, nothing else.
PARTITIONS = """
CREATE FUNCTION app_ensure_audit_partitions(months integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF months NOT BETWEEN 1 AND 12 THEN
        RAISE EXCEPTION 'months: between 1 and 12' USING ERRCODE = 'numeric_value_out_of_range';
    END IF;
    PERFORM public.ensure_audit_partitions(months);
END $$
"""


def upgrade() -> None:
    op.execute(PARTITIONS)
    op.execute("REVOKE EXECUTE ON FUNCTION app_ensure_audit_partitions(integer) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION app_ensure_audit_partitions(integer) TO omotenashi_app")


def downgrade() -> None:
    op.execute("DROP FUNCTION app_ensure_audit_partitions(integer)")
