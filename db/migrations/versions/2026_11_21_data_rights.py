"""Exports and erasures that people asked for, and what is kept how long."""

from collections.abc import Sequence

import sqlalchemy as sa
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

# Owners read the trail of their businesses without saying which.
OWN_TRAIL = """
CREATE POLICY also_read ON audit_logs FOR SELECT USING (
    (SELECT app_self()) IS NOT NULL AND business_id IN (
        SELECT b.id FROM businesses b WHERE b.owner_id = (SELECT app_self()) AND b.deleted_at IS NULL))
"""


def upgrade() -> None:
    op.execute(PARTITIONS)
    op.execute("REVOKE EXECUTE ON FUNCTION app_ensure_audit_partitions(integer) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION app_ensure_audit_partitions(integer) TO omotenashi_app")
    op.execute(OWN_TRAIL)
    op.create_index("ix_audit_logs_at", "audit_logs", ["at"])
    for column in ("actor_id", "request_id"):
        op.create_index(
            f"ix_audit_logs_{column}", "audit_logs", [column, "at"], postgresql_where=sa.text(f"{column} IS NOT NULL")
        )
    op.add_column("attention", sa.Column("resolved_by", sa.UUID(), nullable=True))
    op.create_foreign_key(op.f("fk_attention_resolved_by_users"), "attention", "users", ["resolved_by"], ["id"])
    op.execute(
        "CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON attention"
        " FOR EACH ROW EXECUTE FUNCTION audit_change()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER audit ON attention")
    op.drop_column("attention", "resolved_by")
    for name in ("at", "actor_id", "request_id"):
        op.drop_index(f"ix_audit_logs_{name}", "audit_logs")
    op.execute("DROP POLICY also_read ON audit_logs")
    op.execute("DROP FUNCTION app_ensure_audit_partitions(integer)")
