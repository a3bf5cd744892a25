"""Exports and erasures that people asked for, and what is kept how long."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

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

# An order to Temporal that belongs to no tenant, written in any scope: the platform's is entered for it and left again.
ORDER = """
CREATE FUNCTION app_order(event text, aggregate text, payload jsonb, command text, request_id text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE was text := current_setting('app.scope', true);
BEGIN
    PERFORM set_config('app.scope', 'platform', true);
    INSERT INTO outbox (event, aggregate, payload, command, request_id)
    VALUES (app_order.event, app_order.aggregate, app_order.payload, app_order.command, app_order.request_id);
    PERFORM set_config('app.scope', was, true);
END $$
"""

# What is append-only can lose what is personal in it, and nothing else: who did what, when and to which row stays. Only
# for a person who asked for it, and only in the platform's scope, by which the owner is bound too.
PERSONAL = (
    "^(email|email_key|address|phone|phone_.*|family_name.*|given_name.*|birth.*|special_requests|internal_notes"
    "|notes?|text|body|tags|preferences|reason|ip|user_agent|device)$"
)
FORGOTTEN = f"""
CREATE FUNCTION audit_forgotten(kept jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_object_agg(key, CASE WHEN key ~ '{PERSONAL}' AND value <> 'null'::jsonb
                                      THEN '"***"'::jsonb ELSE value END) FROM jsonb_each(kept) $$
"""
FORGET_TRAIL = """
CREATE FUNCTION app_forget_trail(erasure uuid, customers uuid[], bookings uuid[], OUT audit bigint, OUT history bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE person uuid; mail text;
BEGIN
    SELECT e.user_id, lower(e.address::text) INTO person, mail FROM erasures e WHERE e.id = erasure AND e.completed_at IS NULL;
    IF person IS NULL THEN
        RAISE EXCEPTION 'nobody asked to be forgotten' USING ERRCODE = 'insufficient_privilege';
    END IF;
    WITH about AS (
        SELECT a.id, a.at FROM audit_logs a WHERE a.entity = 'users' AND a.entity_id = person::text
        UNION SELECT a.id, a.at FROM audit_logs a
               WHERE a.entity = 'customers' AND a.entity_id = ANY (customers::text[])
        UNION SELECT a.id, a.at FROM audit_logs a
               WHERE a.entity = 'bookings' AND a.entity_id = ANY (bookings::text[])
        UNION SELECT a.id, a.at FROM audit_logs a
               WHERE a.entity = 'staff_invitations' AND mail IN (lower(a.before->>'email'), lower(a.after->>'email'))
        UNION SELECT a.id, a.at FROM audit_logs a WHERE a.actor_id = person)
    UPDATE audit_logs a SET
        before = CASE WHEN a.actor_id = person AND a.entity NOT IN ('users', 'customers', 'bookings', 'staff_invitations') THEN a.before
                      ELSE audit_forgotten(a.before) END,
        after = CASE WHEN a.actor_id = person AND a.entity NOT IN ('users', 'customers', 'bookings', 'staff_invitations') THEN a.after
                     ELSE audit_forgotten(a.after) END,
        ip = CASE WHEN a.actor_id = person OR a.actor_kind IN ('guest', 'customer') THEN NULL ELSE a.ip END,
        user_agent = CASE WHEN a.actor_id = person OR a.actor_kind IN ('guest', 'customer') THEN NULL
                          ELSE a.user_agent END
      FROM about WHERE a.id = about.id AND a.at = about.at;
    GET DIAGNOSTICS audit = ROW_COUNT;
    UPDATE booking_history h SET reason = NULL
     WHERE h.booking_id = ANY (bookings) AND h.reason IS NOT NULL
       AND h.actor_kind IN ('customer', 'guest', 'staff', 'admin');
    GET DIAGNOSTICS history = ROW_COUNT;
END $$
"""
TABLES = ("data_exports", "erasures")


def _create_exports() -> None:
    op.create_table(
        "data_exports",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'queued'"), nullable=False),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('queued', 'ready', 'failed', 'expired')", name=op.f("ck_data_exports_status_known")
        ),
        sa.CheckConstraint(
            "status <> 'ready' OR expires_at IS NOT NULL", name=op.f("ck_data_exports_ready_has_an_end")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_data_exports_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_exports")),
    )
    op.create_index("ix_data_exports_user_id", "data_exports", ["user_id", "id"])
    op.create_index(
        "uq_data_exports_queued",
        "data_exports",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("status = 'queued'"),
    )


def _create_erasures() -> None:
    op.create_table(
        "erasures",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("address", postgresql.CITEXT(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("delete_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("anonymised_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proof", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_erasures_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
    )
    op.create_index("uq_erasures_user_id", "erasures", ["user_id"], unique=True)


def _secure(table: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own ON {table} USING (user_id = (SELECT app_self()) OR (SELECT app_platform()))")
    op.execute(f"CREATE TRIGGER touch BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION touch_updated_at()")
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO omotenashi_app")


def _create_functions() -> None:
    op.execute(ORDER)
    op.execute(FORGOTTEN)
    op.execute(FORGET_TRAIL)
    op.execute("REVOKE EXECUTE ON FUNCTION app_forget_trail(uuid, uuid[], uuid[]) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION app_forget_trail(uuid, uuid[], uuid[]) TO omotenashi_app")


def upgrade() -> None:
    _create_exports()
    _create_erasures()
    for table in TABLES:
        _secure(table)
    _create_functions()
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
    op.execute("DROP FUNCTION app_forget_trail(uuid, uuid[], uuid[])")
    op.execute("DROP FUNCTION audit_forgotten(jsonb)")
    op.execute("DROP FUNCTION app_order(text, text, jsonb, text, text)")
    for table in reversed(TABLES):
        op.drop_table(table)
    op.execute("DROP TRIGGER audit ON attention")
    op.drop_column("attention", "resolved_by")
    for name in ("at", "actor_id", "request_id"):
        op.drop_index(f"ix_audit_logs_{name}", "audit_logs")
    op.execute("DROP POLICY also_read ON audit_logs")
    op.execute("DROP FUNCTION app_ensure_audit_partitions(integer)")
