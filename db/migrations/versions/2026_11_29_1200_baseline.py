"""The first schema: all tables, functions, triggers, policies and grants."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from db.migrations.statements import apply_functions, run_file

revision: str = "2026_11_29_1200_baseline"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FUNCTIONS = {
    "app_begin": "4027aaf01877",
    "app_count": "22c646cd3624",
    "app_ensure_audit_partitions": "b697b1096da5",
    "app_enter": "eeb813779018",
    "app_enter_invited": "7ab3254cb1c7",
    "app_erase_trail": "23ba37f5ea24",
    "app_has_unapplied_payment": "5ebd6505ff93",
    "app_platform": "f6d6ef47b8a2",
    "app_public": "5a6bfcb4b685",
    "app_queue_account_email": "4ff6d0e0747d",
    "app_queue_command": "048aa5c30a1e",
    "app_records_of_person": "806d07323e43",
    "app_self": "f8f998b09594",
    "app_take_idempotency_key": "23cb6c614892",
    "app_tenant": "360b005ba821",
    "app_visits_ahead": "dfb774e4ab70",
    "audit_change": "ef7a58de93da",
    "audit_erased": "2908c4b6830b",
    "audit_masked": "095ee62d0994",
    "ensure_audit_partitions": "fe447a69aafc",
    "keep_slug": "f56b621b4c46",
    "list_in_directory": "9fd1f4f21113",
    "search_form": "278e3d39710b",
    "search_grams": "7706af74f974",
    "search_name_grams": "4e19b64c1fff",
    "touch_updated_at": "1d7963d3015b",
}


def upgrade() -> None:
    apply_functions(FUNCTIONS)
    for create_table in TABLES:
        create_table()
    op.execute("CREATE TABLE audit_logs_default PARTITION OF audit_logs DEFAULT")
    for name in ("triggers", "policies", "grants"):
        run_file(f"baseline/{name}")
    op.execute("SELECT ensure_audit_partitions(3)")


def downgrade() -> None:
    for create_table in reversed(TABLES):
        # Policies of one table may read another one: they go with it.
        op.execute(f"DROP TABLE {create_table.__name__.removeprefix('_')} CASCADE")
    for name in FUNCTIONS:
        op.execute(f"DROP FUNCTION {name}")
    op.execute("REVOKE ALL ON alembic_version FROM omotenashi_app")


def _audit_logs() -> None:
    op.create_table(
        "audit_logs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=True),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("actor_kind", sa.Text(), nullable=True),
        sa.Column("actor_id", sa.UUID(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("ip", postgresql.INET(), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", "at", name=op.f("pk_audit_logs")),
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index(
        "ix_audit_logs_actor_id",
        "audit_logs",
        ["actor_id", "at"],
        unique=False,
        postgresql_where=sa.text("actor_id IS NOT NULL"),
    )
    op.create_index("ix_audit_logs_at", "audit_logs", ["at"], unique=False)
    op.create_index("ix_audit_logs_business_id", "audit_logs", ["business_id", "at"], unique=False)
    op.create_index("ix_audit_logs_entity", "audit_logs", ["entity", "entity_id", "at"], unique=False)
    op.create_index(
        "ix_audit_logs_request_id",
        "audit_logs",
        ["request_id", "at"],
        unique=False,
        postgresql_where=sa.text("request_id IS NOT NULL"),
    )


def _feature_flags() -> None:
    op.create_table(
        "feature_flags",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("killed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("subject", sa.Text(), server_default=sa.text("'user'"), nullable=False),
        sa.Column("share", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("users", postgresql.ARRAY(sa.UUID()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("businesses", postgresql.ARRAY(sa.UUID()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "name ~ '^[a-z][a-z0-9]*([._][a-z0-9]+)*$' AND length(name) <= 80", name=op.f("ck_feature_flags_name_plain")
        ),
        sa.CheckConstraint("subject IN ('user', 'business')", name=op.f("ck_feature_flags_subject_known")),
        sa.CheckConstraint("share BETWEEN 0 AND 10000", name=op.f("ck_feature_flags_share_in_range")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feature_flags")),
        sa.UniqueConstraint("name", name=op.f("uq_feature_flags_name")),
    )


def _idempotency_keys() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status_code", sa.SmallInteger(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("subject", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"], unique=False)


def _login_failures() -> None:
    op.create_table(
        "login_failures",
        sa.Column("subject_hash", sa.LargeBinary(), nullable=False),
        sa.Column("failed_at", sa.ARRAY(sa.DateTime(timezone=True)), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("forget_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject_hash", name=op.f("pk_login_failures")),
    )
    op.create_index("ix_login_failures_forget_at", "login_failures", ["forget_at"], unique=False)


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=True),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("event_version", sa.SmallInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("aggregate", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("command", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index("ix_outbox_business_id", "outbox", ["business_id", "id"], unique=False)
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["not_before", "id"],
        unique=False,
        postgresql_where=sa.text("command IS NOT NULL AND delivered_at IS NULL AND parked_at IS NULL"),
    )
    op.create_index(
        "ix_outbox_parked",
        "outbox",
        ["id"],
        unique=False,
        postgresql_where=sa.text("parked_at IS NOT NULL AND delivered_at IS NULL"),
    )
    op.create_index(
        "ix_outbox_undelivered",
        "outbox",
        ["aggregate", "id"],
        unique=False,
        postgresql_where=sa.text("command IS NOT NULL AND delivered_at IS NULL AND parked_at IS NULL"),
    )


def _payment_webhooks() -> None:
    op.create_table(
        "payment_webhooks",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("intent_id", sa.Text(), nullable=True),
        sa.Column("payment_id", sa.UUID(), nullable=True),
        sa.Column("event", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("event_created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_webhooks")),
        sa.UniqueConstraint("provider", "event_id", name=op.f("uq_payment_webhooks_provider_event_id")),
    )
    op.create_index(
        "ix_payment_webhooks_applied",
        "payment_webhooks",
        ["payment_id", "event_created_at"],
        unique=False,
        postgresql_where=sa.text("applied_at IS NOT NULL"),
    )
    op.create_index(
        "ix_payment_webhooks_unapplied",
        "payment_webhooks",
        ["received_at"],
        unique=False,
        postgresql_where=sa.text("applied_at IS NULL"),
    )


def _rate_limits() -> None:
    op.create_table(
        "rate_limits",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("newest", sa.BigInteger(), nullable=False),
        sa.Column("counts", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_rate_limits")),
        prefixes=["UNLOGGED"],
    )
    op.create_index("ix_rate_limits_expires_at", "rate_limits", ["expires_at"], unique=False)


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("email", postgresql.CITEXT(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("platform_role", sa.Text(), server_default=sa.text("'user'"), nullable=False),
        sa.Column("family_name", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("given_name", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("language", sa.Text(), server_default=sa.text("'ja'"), nullable=False),
        sa.Column("email_verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("platform_role IN ('user', 'admin')", name=op.f("ck_users_platform_role_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
    )


def _attention() -> None:
    op.create_table(
        "attention",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=True),
        sa.Column("booking_id", sa.UUID(), nullable=True),
        sa.Column("payment_id", sa.UUID(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.UUID(), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["resolved_by"], ["users.id"], name=op.f("fk_attention_resolved_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attention")),
    )
    op.create_index("ix_attention_business_id", "attention", ["business_id"], unique=False)
    op.create_index(
        "uq_attention_open", "attention", ["dedupe_key"], unique=True, postgresql_where=sa.text("resolved_at IS NULL")
    )


def _businesses() -> None:
    op.create_table(
        "businesses",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("owner_id", sa.UUID(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'draft'"), nullable=False),
        sa.Column("vertical", sa.Text(), nullable=False),
        sa.Column("name", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("description", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("address", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("postal_code", sa.Text(), nullable=True),
        sa.Column("prefecture", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("phone_as_typed", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("website", sa.Text(), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("time_zone", sa.Text(), server_default=sa.text("'Asia/Tokyo'"), nullable=False),
        sa.Column("currency", sa.String(length=3), server_default=sa.text("'JPY'"), nullable=False),
        sa.Column("invoice_number", sa.Text(), nullable=True),
        sa.Column("legal_notice", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("payment_provider", sa.Text(), server_default=sa.text("'stripe'"), nullable=False),
        sa.Column("calendar_version", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("invoice_number ~ '^T[1-9][0-9]{12}$'", name=op.f("ck_businesses_invoice_number_form")),
        sa.CheckConstraint("legal_notice ?| array['ja', 'en']", name=op.f("ck_businesses_legal_notice_bilingual")),
        sa.CheckConstraint("name ?| array['ja', 'en']", name=op.f("ck_businesses_name_bilingual")),
        sa.CheckConstraint(
            "prefecture IN ('北海道', '青森県', '岩手県', '宮城県', '秋田県', '山形県', '福島県', '茨城県', '栃木県', '群馬県', '埼玉県', '千葉県', '東京都', '神奈川県', '新潟県', '富山県', '石川県', '福井県', '山梨県', '長野県', '岐阜県', '静岡県', '愛知県', '三重県', '滋賀県', '京都府', '大阪府', '兵庫県', '奈良県', '和歌山県', '鳥取県', '島根県', '岡山県', '広島県', '山口県', '徳島県', '香川県', '愛媛県', '高知県', '福岡県', '佐賀県', '長崎県', '熊本県', '大分県', '宮崎県', '鹿児島県', '沖縄県')",
            name=op.f("ck_businesses_prefecture_known"),
        ),
        sa.CheckConstraint("slug ~ '^[a-z0-9][a-z0-9-]*[a-z0-9]$'", name=op.f("ck_businesses_slug_plain")),
        sa.CheckConstraint(
            "status IN ('draft', 'pending', 'approved', 'rejected', 'suspended')",
            name=op.f("ck_businesses_status_known"),
        ),
        sa.CheckConstraint(
            "vertical IN ('salon', 'spa', 'restaurant', 'barber', 'clinic', 'fitness')",
            name=op.f("ck_businesses_vertical_known"),
        ),
        sa.CheckConstraint("latitude BETWEEN -90 AND 90", name=op.f("ck_businesses_latitude_in_range")),
        sa.CheckConstraint("longitude BETWEEN -180 AND 180", name=op.f("ck_businesses_longitude_in_range")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_businesses_owner_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_businesses")),
        sa.UniqueConstraint("slug", name=op.f("uq_businesses_slug")),
    )
    op.create_index("ix_businesses_owner_id", "businesses", ["owner_id"], unique=False)


def _data_exports() -> None:
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
            "status <> 'ready' OR expires_at IS NOT NULL", name=op.f("ck_data_exports_ready_has_an_end")
        ),
        sa.CheckConstraint(
            "status IN ('queued', 'ready', 'failed', 'expired')", name=op.f("ck_data_exports_status_known")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_data_exports_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_exports")),
    )
    op.create_index("ix_data_exports_user_id", "data_exports", ["user_id", "id"], unique=False)
    op.create_index(
        "uq_data_exports_queued",
        "data_exports",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("status = 'queued'"),
    )


def _email_verifications() -> None:
    op.create_table(
        "email_verifications",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("email", postgresql.CITEXT(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_email_verifications_user_id_users"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_verifications")),
    )
    op.create_index("ix_email_verifications_user_id", "email_verifications", ["user_id", "id"], unique=False)


def _erasures() -> None:
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


def _flag_rollouts() -> None:
    op.create_table(
        "flag_rollouts",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("flag_id", sa.UUID(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'running'"), nullable=False),
        sa.Column("plan", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("share_before", sa.SmallInteger(), nullable=False),
        sa.Column("step", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("step_began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('running', 'paused', 'done', 'stopped', 'cancelled', 'superseded')",
            name=op.f("ck_flag_rollouts_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["flag_id"], ["feature_flags.id"], name=op.f("fk_flag_rollouts_flag_id_feature_flags"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flag_rollouts")),
    )
    op.create_index("ix_flag_rollouts_flag_id", "flag_rollouts", ["flag_id", "id"], unique=False)
    op.create_index(
        "uq_flag_rollouts_under_way",
        "flag_rollouts",
        ["flag_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('running', 'paused')"),
    )


def _known_devices() -> None:
    op.create_table(
        "known_devices",
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("device_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_known_devices_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", "device_hash", name=op.f("pk_known_devices")),
    )


def _password_resets() -> None:
    op.create_table(
        "password_resets",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("email", postgresql.CITEXT(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_password_resets_user_id_users"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password_resets")),
    )
    op.create_index("ix_password_resets_user_id", "password_resets", ["user_id", "id"], unique=False)


def _recovery_codes() -> None:
    op.create_table(
        "recovery_codes",
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_recovery_codes_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", "code_hash", name=op.f("pk_recovery_codes")),
    )


def _user_sessions() -> None:
    op.create_table(
        "user_sessions",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("ip", postgresql.INET(), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.Column("two_factor", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "end_reason IN ('logged_out', 'revoked', 'password_changed', 'password_reset', 'token_reused', 'two_factor_changed', 'account_closed')",
            name=op.f("ck_user_sessions_end_reason_known"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_sessions_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_sessions")),
    )
    op.create_index("ix_user_sessions_user_id", "user_sessions", ["user_id", "id"], unique=False)


def _user_two_factors() -> None:
    op.create_table(
        "user_two_factors",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("totp_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("enabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_step", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_two_factors_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_two_factors")),
        sa.UniqueConstraint("user_id", name=op.f("uq_user_two_factors_user_id")),
    )


def _business_directory() -> None:
    op.create_table(
        "business_directory",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("vertical", sa.Text(), nullable=False),
        sa.Column("prefecture", sa.Text(), nullable=True),
        sa.Column("name_ja", sa.Text(collation="C"), nullable=False),
        sa.Column("name_en", sa.Text(collation="C"), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["id"], ["businesses.id"], name=op.f("fk_business_directory_id_businesses"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_business_directory")),
    )
    op.create_index(
        "ix_business_directory_body_grams",
        "business_directory",
        [sa.literal_column("search_grams(body)")],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index(
        "ix_business_directory_location",
        "business_directory",
        [sa.literal_column("ll_to_earth(latitude, longitude)")],
        unique=False,
        postgresql_using="gist",
        postgresql_where=sa.text("latitude IS NOT NULL AND longitude IS NOT NULL"),
    )
    op.create_index("ix_business_directory_name_en_id", "business_directory", ["name_en", "id"], unique=False)
    op.create_index(
        "ix_business_directory_name_grams",
        "business_directory",
        [sa.literal_column("search_name_grams(name_ja, name_en)")],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index("ix_business_directory_name_ja_id", "business_directory", ["name_ja", "id"], unique=False)
    op.create_index("ix_business_directory_prefecture_id", "business_directory", ["prefecture", "id"], unique=False)
    op.create_index(
        "ix_business_directory_prefecture_name_en_id",
        "business_directory",
        ["prefecture", "name_en", "id"],
        unique=False,
    )
    op.create_index(
        "ix_business_directory_prefecture_name_ja_id",
        "business_directory",
        ["prefecture", "name_ja", "id"],
        unique=False,
    )
    op.create_index("ix_business_directory_vertical_id", "business_directory", ["vertical", "id"], unique=False)
    op.create_index(
        "ix_business_directory_vertical_name_en_id", "business_directory", ["vertical", "name_en", "id"], unique=False
    )
    op.create_index(
        "ix_business_directory_vertical_name_ja_id", "business_directory", ["vertical", "name_ja", "id"], unique=False
    )


def _business_documents() -> None:
    op.create_table(
        "business_documents",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'uploading'"), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("object_key", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('registration', 'permit', 'identity')", name=op.f("ck_business_documents_kind_known")
        ),
        sa.CheckConstraint(
            "status IN ('uploading', 'received', 'accepted', 'refused')",
            name=op.f("ck_business_documents_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_business_documents_business_id_businesses")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_business_documents")),
        sa.UniqueConstraint("object_key", name=op.f("uq_business_documents_object_key")),
    )
    op.create_index("ix_business_documents_business_id", "business_documents", ["business_id", "id"], unique=False)


def _business_holidays() -> None:
    op.create_table(
        "business_holidays",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column(
            "opens", postgresql.ARRAY(sa.SmallInteger(), dimensions=2), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_business_holidays_business_id_businesses")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_business_holidays")),
        sa.UniqueConstraint("business_id", "day", name=op.f("uq_business_holidays_business_id_day")),
    )


def _business_hours() -> None:
    op.create_table(
        "business_hours",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("weekday", sa.SmallInteger(), nullable=False),
        sa.Column("opens", sa.SmallInteger(), nullable=False),
        sa.Column("closes", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "opens >= 0 AND opens < 1440 AND closes > opens AND closes <= 2880",
            name=op.f("ck_business_hours_minutes_in_order"),
        ),
        sa.CheckConstraint("weekday BETWEEN 0 AND 7", name=op.f("ck_business_hours_weekday_known")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_business_hours_business_id_businesses")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_business_hours")),
        sa.UniqueConstraint(
            "business_id", "weekday", "opens", name=op.f("uq_business_hours_business_id_weekday_opens")
        ),
    )


def _business_media() -> None:
    op.create_table(
        "business_media",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("upload_key", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("checksum", sa.LargeBinary(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("variants", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("rejection", sa.Text(), nullable=True),
        sa.Column("captions", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("position", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("featured", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(status = 'rejected') = (rejection IS NOT NULL)", name=op.f("ck_business_media_rejected_with_reason")
        ),
        sa.CheckConstraint("NOT featured OR status = 'ready'", name=op.f("ck_business_media_featured_is_ready")),
        sa.CheckConstraint("captions ?| array['ja', 'en']", name=op.f("ck_business_media_captions_bilingual")),
        sa.CheckConstraint("kind IN ('image', 'video')", name=op.f("ck_business_media_kind_known")),
        sa.CheckConstraint(
            "rejection IN ('unknown_type', 'type_mismatch', 'too_large', 'too_many_pixels', 'too_many_frames', 'broken', 'missing', 'not_processed')",
            name=op.f("ck_business_media_rejection_known"),
        ),
        sa.CheckConstraint(
            "status IN ('uploading', 'processing', 'ready', 'rejected')", name=op.f("ck_business_media_status_known")
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_business_media_business_id_businesses")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_business_media")),
    )
    op.create_index("ix_business_media_shown", "business_media", ["business_id", "position", "id"], unique=False)
    op.create_index(
        "uq_business_media_featured",
        "business_media",
        ["business_id"],
        unique=True,
        postgresql_where=sa.text("featured AND deleted_at IS NULL"),
    )
    op.create_index("uq_business_media_upload_key", "business_media", ["upload_key"], unique=True)


def _business_settings() -> None:
    op.create_table(
        "business_settings",
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("slot_interval_minutes", sa.SmallInteger(), server_default=sa.text("15"), nullable=False),
        sa.Column("hold_for", postgresql.INTERVAL(), server_default=sa.text("interval '10 minutes'"), nullable=False),
        sa.Column(
            "approval_within", postgresql.INTERVAL(), server_default=sa.text("interval '24 hours'"), nullable=False
        ),
        sa.Column("lead_time", postgresql.INTERVAL(), server_default=sa.text("interval '1 hour'"), nullable=False),
        sa.Column(
            "booking_window", postgresql.INTERVAL(), server_default=sa.text("interval '60 days'"), nullable=False
        ),
        sa.Column("approval_mode", sa.Text(), server_default=sa.text("'instant'"), nullable=False),
        sa.Column("guest_booking", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column(
            "reminder_offsets",
            postgresql.ARRAY(postgresql.INTERVAL()),
            server_default=sa.text("ARRAY[interval '24 hours']"),
            nullable=False,
        ),
        sa.Column("has_public_holiday_row", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "no_show_grace", postgresql.INTERVAL(), server_default=sa.text("interval '15 minutes'"), nullable=False
        ),
        sa.Column("auto_complete", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column(
            "waitlist_offer_for", postgresql.INTERVAL(), server_default=sa.text("interval '30 minutes'"), nullable=False
        ),
        sa.Column("payment_mode", sa.Text(), server_default=sa.text("'at_venue'"), nullable=False),
        sa.Column("language", sa.Text(), server_default=sa.text("'ja'"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "approval_mode IN ('instant', 'manual')", name=op.f("ck_business_settings_approval_mode_known")
        ),
        sa.CheckConstraint("booking_window > interval '0'", name=op.f("ck_business_settings_booking_window_positive")),
        sa.CheckConstraint("hold_for > interval '0'", name=op.f("ck_business_settings_hold_positive")),
        sa.CheckConstraint("language IN ('ja', 'en')", name=op.f("ck_business_settings_language_known")),
        sa.CheckConstraint("lead_time >= interval '0'", name=op.f("ck_business_settings_lead_time_not_negative")),
        sa.CheckConstraint(
            "payment_mode IN ('none', 'at_venue', 'prepay', 'deposit', 'card_hold')",
            name=op.f("ck_business_settings_payment_mode_known"),
        ),
        sa.CheckConstraint(
            "slot_interval_minutes BETWEEN 1 AND 1440", name=op.f("ck_business_settings_slot_interval_in_range")
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_business_settings_business_id_businesses")
        ),
        sa.PrimaryKeyConstraint("business_id", name=op.f("pk_business_settings")),
    )


def _business_slugs() -> None:
    op.create_table(
        "business_slugs",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_business_slugs_business_id_businesses")
        ),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_business_slugs")),
    )
    op.create_index("ix_business_slugs_business_id", "business_slugs", ["business_id"], unique=False)


def _business_verifications() -> None:
    op.create_table(
        "business_verifications",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('waiting', 'info_requested', 'approved', 'rejected', 'closed')",
            name=op.f("ck_business_verifications_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_business_verifications_business_id_businesses")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_business_verifications")),
    )
    op.create_index(
        "ix_business_verifications_business_id", "business_verifications", ["business_id", "id"], unique=False
    )
    op.create_index("ix_business_verifications_status", "business_verifications", ["status", "id"], unique=False)
    op.create_index(
        "uq_business_verifications_open",
        "business_verifications",
        ["business_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('waiting', 'info_requested')"),
    )


def _cancellation_policies() -> None:
    op.create_table(
        "cancellation_policies",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("name", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("tiers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("no_show_percent", sa.SmallInteger(), server_default=sa.text("100"), nullable=False),
        sa.Column("is_default", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("name ?| array['ja', 'en']", name=op.f("ck_cancellation_policies_name_bilingual")),
        sa.CheckConstraint(
            "no_show_percent BETWEEN 0 AND 100", name=op.f("ck_cancellation_policies_no_show_percent_in_range")
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_cancellation_policies_business_id_businesses")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cancellation_policies")),
    )
    op.create_index("ix_cancellation_policies_business_id", "cancellation_policies", ["business_id"], unique=False)
    op.create_index(
        "uq_cancellation_policies_default",
        "cancellation_policies",
        ["business_id"],
        unique=True,
        postgresql_where=sa.text("is_default AND deleted_at IS NULL"),
    )


def _customers() -> None:
    op.create_table(
        "customers",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=True),
        sa.Column("family_name", sa.Text(), nullable=False),
        sa.Column("given_name", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("family_name_kana", sa.Text(), nullable=True),
        sa.Column("given_name_kana", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("email", postgresql.CITEXT(), nullable=True),
        sa.Column("email_key", sa.Text(), sa.Computed("lower(email::text)", persisted=True), nullable=True),
        sa.Column("language", sa.Text(), server_default=sa.text("'ja'"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["business_id"], ["businesses.id"], name=op.f("fk_customers_business_id_businesses")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_customers_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
    )
    op.create_index("ix_customers_business_id_email_key", "customers", ["business_id", "email_key"], unique=False)
    op.create_index(
        "uq_customers_login",
        "customers",
        ["business_id", "user_id"],
        unique=True,
        postgresql_where=sa.text("user_id IS NOT NULL AND deleted_at IS NULL"),
    )


def _refresh_tokens() -> None:
    op.create_table(
        "refresh_tokens",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("session_id", sa.UUID(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["user_sessions.id"],
            name=op.f("fk_refresh_tokens_session_id_user_sessions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_refresh_tokens")),
    )
    op.create_index("ix_refresh_tokens_session_id", "refresh_tokens", ["session_id"], unique=False)


def _resources() -> None:
    op.create_table(
        "resources",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("capacity", sa.SmallInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("has_public_holiday_row", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('staff', 'room', 'equipment')", name=op.f("ck_resources_kind_known")),
        sa.CheckConstraint("name ?| array['ja', 'en']", name=op.f("ck_resources_name_bilingual")),
        sa.CheckConstraint("capacity BETWEEN 1 AND 500", name=op.f("ck_resources_capacity_in_range")),
        sa.ForeignKeyConstraint(["business_id"], ["businesses.id"], name=op.f("fk_resources_business_id_businesses")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resources")),
    )
    op.create_index("ix_resources_business_id_is_active", "resources", ["business_id", "is_active"], unique=False)


def _bookings() -> None:
    op.create_table(
        "bookings",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("customer_id", sa.UUID(), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=True),
        sa.Column("family_name", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("given_name", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("email", postgresql.CITEXT(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("ip", sa.Text(), nullable=True),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'pending'"), nullable=False),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("party_size", sa.SmallInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("amount_due", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("payment_mode", sa.Text(), nullable=False),
        sa.Column("needs_approval", sa.Boolean(), nullable=False),
        sa.Column("policy", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("hold_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approval_deadline", sa.DateTime(timezone=True), nullable=True),
        sa.Column("special_requests", sa.Text(), nullable=True),
        sa.Column("internal_notes", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), server_default=sa.text("'ja'"), nullable=False),
        sa.Column("cancelled_by", sa.Text(), nullable=True),
        sa.Column("cancellation_penalty", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "preferred_resource_ids", postgresql.ARRAY(sa.UUID()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "payment_mode IN ('none', 'at_venue', 'prepay', 'deposit', 'card_hold')",
            name=op.f("ck_bookings_payment_mode_known"),
        ),
        sa.CheckConstraint(
            "status <> 'pending' OR hold_expires_at IS NOT NULL", name=op.f("ck_bookings_pending_has_an_end")
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'confirmed', 'checked_in', 'completed', 'no_show', 'cancelled', 'declined', 'expired')",
            name=op.f("ck_bookings_status_known"),
        ),
        sa.CheckConstraint("end_at > start_at", name=op.f("ck_bookings_time_in_order")),
        sa.CheckConstraint("party_size >= 1", name=op.f("ck_bookings_party_positive")),
        sa.CheckConstraint(
            "price >= 0 AND amount_due >= 0 AND amount_due <= price", name=op.f("ck_bookings_amounts_in_order")
        ),
        sa.ForeignKeyConstraint(["business_id"], ["businesses.id"], name=op.f("fk_bookings_business_id_businesses")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_bookings_customer_id_customers")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_bookings_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings")),
        sa.UniqueConstraint("business_id", "code", name=op.f("uq_bookings_business_id_code")),
    )
    op.create_index("ix_bookings_business_id_start_at", "bookings", ["business_id", "start_at"], unique=False)
    op.create_index("ix_bookings_customer_id_start_at", "bookings", ["customer_id", "start_at"], unique=False)
    op.create_index(
        "ix_bookings_ip",
        "bookings",
        ["business_id", "ip", "start_at"],
        unique=False,
        postgresql_where=sa.text("ip IS NOT NULL AND status IN ('pending', 'confirmed')"),
    )
    op.create_index(
        "ix_bookings_pending",
        "bookings",
        ["hold_expires_at"],
        unique=False,
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_index("ix_bookings_user_id_start_at", "bookings", ["user_id", "start_at"], unique=False)


def _business_decisions() -> None:
    op.create_table(
        "business_decisions",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("verification_id", sa.UUID(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.UUID(), nullable=True),
        sa.Column("command_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "decision IN ('submitted', 'info_requested', 'resubmitted', 'approved', 'rejected', 'closed', 'suspended', 'reinstated')",
            name=op.f("ck_business_decisions_decision_known"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_business_decisions_business_id_businesses")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_business_decisions_decided_by_users")),
        sa.ForeignKeyConstraint(
            ["verification_id"],
            ["business_verifications.id"],
            name=op.f("fk_business_decisions_verification_id_business_verifications"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_business_decisions")),
        sa.UniqueConstraint("command_id", name=op.f("uq_business_decisions_command_id")),
    )
    op.create_index("ix_business_decisions_business_id", "business_decisions", ["business_id", "id"], unique=False)
    op.create_index(
        "ix_business_decisions_verification_id", "business_decisions", ["verification_id", "id"], unique=False
    )


def _services() -> None:
    op.create_table(
        "services",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("name", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("description", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("tax_percent", sa.SmallInteger(), server_default=sa.text("10"), nullable=False),
        sa.Column("duration_minutes", sa.Integer(), nullable=False),
        sa.Column("buffer_before_minutes", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("buffer_after_minutes", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("capacity", sa.SmallInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("party_min", sa.SmallInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("party_max", sa.SmallInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("payment_mode", sa.Text(), nullable=False),
        sa.Column("deposit_percent", sa.SmallInteger(), nullable=True),
        sa.Column("deposit_amount", sa.BigInteger(), nullable=True),
        sa.Column("approval_mode", sa.Text(), nullable=False),
        sa.Column("policy_id", sa.UUID(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("approval_mode IN ('instant', 'manual')", name=op.f("ck_services_approval_mode_known")),
        sa.CheckConstraint("name ?| array['ja', 'en']", name=op.f("ck_services_name_bilingual")),
        sa.CheckConstraint(
            "payment_mode <> 'deposit' OR num_nonnulls(deposit_percent, deposit_amount) = 1",
            name=op.f("ck_services_deposit_says_how_much"),
        ),
        sa.CheckConstraint(
            "payment_mode IN ('none', 'at_venue', 'prepay', 'deposit', 'card_hold')",
            name=op.f("ck_services_payment_mode_known"),
        ),
        sa.CheckConstraint(
            "payment_mode NOT IN ('prepay', 'deposit', 'card_hold') OR price > 0",
            name=op.f("ck_services_online_payment_has_a_price"),
        ),
        sa.CheckConstraint("buffer_after_minutes BETWEEN 0 AND 480", name=op.f("ck_services_buffer_after_in_range")),
        sa.CheckConstraint("buffer_before_minutes BETWEEN 0 AND 480", name=op.f("ck_services_buffer_before_in_range")),
        sa.CheckConstraint("capacity BETWEEN 1 AND 500", name=op.f("ck_services_capacity_in_range")),
        sa.CheckConstraint("deposit_amount > 0", name=op.f("ck_services_deposit_amount_positive")),
        sa.CheckConstraint("deposit_percent BETWEEN 1 AND 100", name=op.f("ck_services_deposit_percent_in_range")),
        sa.CheckConstraint("duration_minutes BETWEEN 1 AND 1440", name=op.f("ck_services_duration_in_range")),
        sa.CheckConstraint("party_min >= 1 AND party_max >= party_min", name=op.f("ck_services_party_in_order")),
        sa.CheckConstraint("price >= 0", name=op.f("ck_services_price_not_negative")),
        sa.CheckConstraint("tax_percent IN (8, 10)", name=op.f("ck_services_tax_percent_known")),
        sa.ForeignKeyConstraint(["business_id"], ["businesses.id"], name=op.f("fk_services_business_id_businesses")),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["cancellation_policies.id"], name=op.f("fk_services_policy_id_cancellation_policies")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_services")),
    )
    op.create_index("ix_services_business_id_is_active", "services", ["business_id", "is_active"], unique=False)


def _staff_assignments() -> None:
    op.create_table(
        "staff_assignments",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("resource_id", sa.UUID(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("role IN ('manager', 'staff', 'assistant')", name=op.f("ck_staff_assignments_role_known")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_staff_assignments_business_id_businesses")
        ),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resources.id"], name=op.f("fk_staff_assignments_resource_id_resources")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_staff_assignments_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_assignments")),
    )
    op.create_index("ix_staff_assignments_user_id", "staff_assignments", ["user_id"], unique=False)
    op.create_index(
        "uq_staff_assignments_active",
        "staff_assignments",
        ["business_id", "user_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _staff_exceptions() -> None:
    op.create_table(
        "staff_exceptions",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("resource_id", sa.UUID(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "ranges", postgresql.ARRAY(sa.SmallInteger(), dimensions=2), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("resource_id"), "="),
            (sa.text("daterange(first_day, last_day, '[]')"), "&&"),
            where=sa.text("kind = 'hours'"),
            using="gist",
            name="ex_staff_exceptions_one_kind_of_hours",
        ),
        sa.CheckConstraint("kind = 'off' OR ranges <> '{}'", name=op.f("ck_staff_exceptions_hours_have_ranges")),
        sa.CheckConstraint("kind IN ('off', 'hours')", name=op.f("ck_staff_exceptions_kind_known")),
        sa.CheckConstraint("last_day >= first_day", name=op.f("ck_staff_exceptions_days_in_order")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_staff_exceptions_business_id_businesses")
        ),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resources.id"], name=op.f("fk_staff_exceptions_resource_id_resources")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_exceptions")),
    )
    op.create_index("ix_staff_exceptions_business_id", "staff_exceptions", ["business_id"], unique=False)
    op.create_index(
        "ix_staff_exceptions_resource_id_last_day", "staff_exceptions", ["resource_id", "last_day"], unique=False
    )


def _staff_invitations() -> None:
    op.create_table(
        "staff_invitations",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("email", postgresql.CITEXT(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("resource_id", sa.UUID(), nullable=True),
        sa.Column("resource_name", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("invited_by", sa.UUID(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("language IN ('ja', 'en')", name=op.f("ck_staff_invitations_language_known")),
        sa.CheckConstraint(
            "resource_name ?| array['ja', 'en']", name=op.f("ck_staff_invitations_resource_name_bilingual")
        ),
        sa.CheckConstraint("role IN ('manager', 'staff', 'assistant')", name=op.f("ck_staff_invitations_role_known")),
        sa.CheckConstraint(
            "resource_id IS NULL OR resource_name IS NULL", name=op.f("ck_staff_invitations_one_resource")
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_staff_invitations_business_id_businesses")
        ),
        sa.ForeignKeyConstraint(["invited_by"], ["users.id"], name=op.f("fk_staff_invitations_invited_by_users")),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resources.id"], name=op.f("fk_staff_invitations_resource_id_resources")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_invitations")),
    )
    op.create_index(
        "uq_staff_invitations_open",
        "staff_invitations",
        ["business_id", "email"],
        unique=True,
        postgresql_where=sa.text("accepted_at IS NULL AND withdrawn_at IS NULL"),
    )


def _staff_working_hours() -> None:
    op.create_table(
        "staff_working_hours",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("resource_id", sa.UUID(), nullable=False),
        sa.Column("weekday", sa.SmallInteger(), nullable=False),
        sa.Column("opens", sa.SmallInteger(), nullable=False),
        sa.Column("closes", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "opens >= 0 AND opens < 1440 AND closes > opens AND closes <= 2880",
            name=op.f("ck_staff_working_hours_minutes_in_order"),
        ),
        sa.CheckConstraint("weekday BETWEEN 0 AND 7", name=op.f("ck_staff_working_hours_weekday_known")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_staff_working_hours_business_id_businesses")
        ),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resources.id"], name=op.f("fk_staff_working_hours_resource_id_resources")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_working_hours")),
        sa.UniqueConstraint(
            "resource_id", "weekday", "opens", name=op.f("uq_staff_working_hours_resource_id_weekday_opens")
        ),
    )


def _booking_history() -> None:
    op.create_table(
        "booking_history",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("booking_id", sa.UUID(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("from_status", sa.Text(), nullable=True),
        sa.Column("to_status", sa.Text(), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.UUID(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("command_id", sa.Text(), nullable=True),
        sa.Column("outcome", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "from_status IN ('pending', 'confirmed', 'checked_in', 'completed', 'no_show', 'cancelled', 'declined', 'expired')",
            name=op.f("ck_booking_history_from_status_known"),
        ),
        sa.CheckConstraint(
            "to_status IN ('pending', 'confirmed', 'checked_in', 'completed', 'no_show', 'cancelled', 'declined', 'expired')",
            name=op.f("ck_booking_history_to_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"],
            ["bookings.id"],
            name=op.f("fk_booking_history_booking_id_bookings"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_booking_history_business_id_businesses")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_history")),
        sa.UniqueConstraint("booking_id", "command_id", name=op.f("uq_booking_history_booking_id_command_id")),
    )
    op.create_index("ix_booking_history_booking_id", "booking_history", ["booking_id", "id"], unique=False)


def _booking_items() -> None:
    op.create_table(
        "booking_items",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("booking_id", sa.UUID(), nullable=False),
        sa.Column("service_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("name", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("buffer_before_minutes", sa.Integer(), nullable=False),
        sa.Column("buffer_after_minutes", sa.Integer(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("tax_percent", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("position BETWEEN 0 AND 4", name=op.f("ck_booking_items_position_in_range")),
        sa.ForeignKeyConstraint(
            ["booking_id"],
            ["bookings.id"],
            name=op.f("fk_booking_items_booking_id_bookings"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_booking_items_business_id_businesses")
        ),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_booking_items_service_id_services")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_items")),
        sa.UniqueConstraint("booking_id", "position", name=op.f("uq_booking_items_booking_id_position")),
    )
    op.create_index("ix_booking_items_service_id", "booking_items", ["service_id"], unique=False)


def _booking_payments() -> None:
    op.create_table(
        "booking_payments",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("booking_id", sa.UUID(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("provider_intent_id", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default=sa.text("'requires_payment'"), nullable=False),
        sa.Column("capture_method", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("authorized", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("captured", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("refunded", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("client_secret", sa.Text(), nullable=True),
        sa.Column("decline_code", sa.Text(), nullable=True),
        sa.Column("authorized_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replaces", sa.UUID(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "capture_method IN ('automatic', 'manual')", name=op.f("ck_booking_payments_capture_method_known")
        ),
        sa.CheckConstraint(
            "status IN ('requires_payment', 'processing', 'authorized', 'captured', 'partially_refunded', 'refunded', 'voided', 'failed', 'disputed')",
            name=op.f("ck_booking_payments_status_known"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_booking_payments_amount_positive")),
        sa.CheckConstraint(
            "authorized >= 0 AND captured >= 0 AND captured <= amount",
            name=op.f("ck_booking_payments_captured_in_range"),
        ),
        sa.CheckConstraint(
            "refunded >= 0 AND refunded <= captured", name=op.f("ck_booking_payments_refunded_in_range")
        ),
        sa.ForeignKeyConstraint(["booking_id"], ["bookings.id"], name=op.f("fk_booking_payments_booking_id_bookings")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_booking_payments_business_id_businesses")
        ),
        sa.ForeignKeyConstraint(
            ["replaces"], ["booking_payments.id"], name=op.f("fk_booking_payments_replaces_booking_payments")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_payments")),
        sa.UniqueConstraint(
            "provider", "provider_intent_id", name=op.f("uq_booking_payments_provider_provider_intent_id")
        ),
    )
    op.create_index("ix_booking_payments_booking_id", "booking_payments", ["booking_id"], unique=False)
    op.create_index("ix_booking_payments_business_id_id", "booking_payments", ["business_id", "id"], unique=False)
    op.create_index("ix_booking_payments_status_created_at", "booking_payments", ["status", "created_at"], unique=False)
    op.create_index(
        "uq_booking_payments_open",
        "booking_payments",
        ["booking_id"],
        unique=True,
        postgresql_where=sa.text(
            "status IN ('requires_payment', 'processing', 'authorized', 'captured', 'failed') AND replaces IS NULL"
        ),
    )
    op.create_index(
        "uq_booking_payments_replaces",
        "booking_payments",
        ["replaces"],
        unique=True,
        postgresql_where=sa.text("status <> 'voided'"),
    )


def _booking_reminders() -> None:
    op.create_table(
        "booking_reminders",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("booking_id", sa.UUID(), nullable=False),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("offset_seconds", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["booking_id"], ["bookings.id"], name=op.f("fk_booking_reminders_booking_id_bookings")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_booking_reminders_business_id_businesses")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_reminders")),
        sa.UniqueConstraint(
            "booking_id",
            "start_at",
            "offset_seconds",
            name=op.f("uq_booking_reminders_booking_id_start_at_offset_seconds"),
        ),
    )


def _notification_outbox() -> None:
    op.create_table(
        "notification_outbox",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=True),
        sa.Column("booking_id", sa.UUID(), nullable=True),
        sa.Column("user_id", sa.UUID(), nullable=True),
        sa.Column("customer_id", sa.UUID(), nullable=True),
        sa.Column("audience", sa.Text(), server_default=sa.text("'customer'"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), server_default=sa.text("'email'"), nullable=False),
        sa.Column("language", sa.Text(), server_default=sa.text("'ja'"), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'queued'"), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("provider_message_id", sa.Text(), nullable=True),
        sa.Column("failure_reason", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "booking_id IS NOT NULL OR user_id IS NOT NULL OR facts ? 'invitation_id' OR facts ? 'erasure_id'",
            name=op.f("ck_notification_outbox_has_recipient"),
        ),
        sa.CheckConstraint(
            "kind IN ('booking_requested', 'booking_confirmed', 'booking_reminder', 'booking_changed', 'booking_cancelled', 'booking_expired', 'booking_declined', 'booking_completed', 'booking_no_show', 'payment_received', 'payment_failed', 'payment_refunded', 'payment_late', 'payment_renew', 'reaccommodation_offered', 'reaccommodation_reminder', 'reaccommodation_decided', 'booking_reassigned', 'email_verification', 'password_reset', 'password_changed', 'new_device', 'login_locked', 'token_reused', 'two_factor_changed', 'data_export_ready', 'erasure_planned', 'erasure_done', 'business_submitted', 'business_approved', 'business_rejected', 'business_info_requested', 'business_suspended', 'business_reinstated', 'business_review_closed', 'review_due', 'staff_invited', 'staff_ended')",
            name=op.f("ck_notification_outbox_kind_known"),
        ),
        sa.CheckConstraint(
            "status IN ('queued', 'sent', 'delivered', 'bounced', 'failed')",
            name=op.f("ck_notification_outbox_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["bookings.id"], name=op.f("fk_notification_outbox_booking_id_bookings")
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_notification_outbox_business_id_businesses")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_notification_outbox_customer_id_customers")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_notification_outbox_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification_outbox")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_notification_outbox_dedupe_key")),
    )
    op.create_index("ix_notification_outbox_booking_id", "notification_outbox", ["booking_id"], unique=False)
    op.create_index("ix_notification_outbox_business_id", "notification_outbox", ["business_id", "id"], unique=False)
    op.create_index(
        "ix_notification_outbox_queued",
        "notification_outbox",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("status = 'queued'"),
    )
    op.create_index("ix_notification_outbox_user_id", "notification_outbox", ["user_id", "id"], unique=False)


def _reaccommodations() -> None:
    op.create_table(
        "reaccommodations",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("booking_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decide_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(status = 'open') = (decided_at IS NULL)", name=op.f("ck_reaccommodations_decided")),
        sa.CheckConstraint(
            "reason IN ('hours', 'holidays', 'time_zone', 'working_hours', 'exception', 'resource', 'service', 'staff_left')",
            name=op.f("ck_reaccommodations_reason_known"),
        ),
        sa.CheckConstraint(
            "status IN ('open', 'moved', 'cancelled', 'kept', 'ended')", name=op.f("ck_reaccommodations_status_known")
        ),
        sa.ForeignKeyConstraint(["booking_id"], ["bookings.id"], name=op.f("fk_reaccommodations_booking_id_bookings")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_reaccommodations_business_id_businesses")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reaccommodations")),
        sa.UniqueConstraint("booking_id", "number", name=op.f("uq_reaccommodations_booking_id_number")),
    )
    op.create_index(
        "ix_reaccommodations_business_id_status", "reaccommodations", ["business_id", "status", "id"], unique=False
    )
    op.create_index(
        "uq_reaccommodations_open",
        "reaccommodations",
        ["booking_id"],
        unique=True,
        postgresql_where=sa.text("status = 'open'"),
    )


def _resource_claims() -> None:
    op.create_table(
        "resource_claims",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("booking_id", sa.UUID(), nullable=False),
        sa.Column("resource_id", sa.UUID(), nullable=False),
        sa.Column("item_position", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("requirement_group", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("unit", sa.SmallInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "during",
            postgresql.TSTZRANGE(),
            sa.Computed("tstzrange(starts_at, ends_at, '[)')", persisted=True),
            nullable=False,
        ),
        sa.Column("holds_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.column("resource_id"), "="),
            (sa.column("unit"), "="),
            (sa.column("during"), "&&"),
            where=sa.text("released_at IS NULL"),
            using="gist",
            name="ex_resource_claims_no_double_booking",
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_resource_claims_time_in_order")),
        sa.CheckConstraint("unit >= 0", name=op.f("ck_resource_claims_unit_not_negative")),
        sa.ForeignKeyConstraint(
            ["booking_id"],
            ["bookings.id"],
            name=op.f("fk_resource_claims_booking_id_bookings"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_resource_claims_business_id_businesses")
        ),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resources.id"], name=op.f("fk_resource_claims_resource_id_resources")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resource_claims")),
    )
    op.create_index("ix_resource_claims_booking_id", "resource_claims", ["booking_id"], unique=False)
    op.create_index(
        "ix_resource_claims_live",
        "resource_claims",
        ["resource_id", "ends_at", "starts_at"],
        unique=False,
        postgresql_where=sa.text("released_at IS NULL"),
        postgresql_include=["unit", "holds_until", "business_id", "booking_id"],
    )


def _service_resources() -> None:
    op.create_table(
        "service_resources",
        sa.Column("service_id", sa.UUID(), nullable=False),
        sa.Column("requirement_group", sa.SmallInteger(), nullable=False),
        sa.Column("resource_id", sa.UUID(), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.CheckConstraint(
            "requirement_group BETWEEN 0 AND 9", name=op.f("ck_service_resources_requirement_group_in_range")
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_service_resources_business_id_businesses")
        ),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resources.id"], name=op.f("fk_service_resources_resource_id_resources")
        ),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_service_resources_service_id_services")),
        sa.PrimaryKeyConstraint("service_id", "requirement_group", "resource_id", name=op.f("pk_service_resources")),
    )
    op.create_index("ix_service_resources_resource_id", "service_resources", ["resource_id"], unique=False)


def _notification_attempts() -> None:
    op.create_table(
        "notification_attempts",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=True),
        sa.Column("notice_id", sa.UUID(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_notification_attempts_business_id_businesses")
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"],
            ["notification_outbox.id"],
            name=op.f("fk_notification_attempts_notice_id_notification_outbox"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification_attempts")),
    )
    op.create_index("ix_notification_attempts_notice_id", "notification_attempts", ["notice_id"], unique=False)


def _payment_transactions() -> None:
    op.create_table(
        "payment_transactions",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("payment_id", sa.UUID(), nullable=False),
        sa.Column("movement_id", sa.Text(), nullable=False),
        sa.Column("movement", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("provider_ref", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "movement IN ('authorize', 'capture', 'void', 'refund', 'dispute')",
            name=op.f("ck_payment_transactions_movement_known"),
        ),
        sa.CheckConstraint(
            "phase IN ('intended', 'succeeded', 'failed', 'unknown')", name=op.f("ck_payment_transactions_phase_known")
        ),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_payment_transactions_amount_not_negative")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_payment_transactions_business_id_businesses")
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["booking_payments.id"], name=op.f("fk_payment_transactions_payment_id_booking_payments")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_transactions")),
        sa.UniqueConstraint("movement_id", "phase", name=op.f("uq_payment_transactions_movement_id_phase")),
    )
    op.create_index("ix_payment_transactions_payment_id", "payment_transactions", ["payment_id", "id"], unique=False)


def _refunds() -> None:
    op.create_table(
        "refunds",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("payment_id", sa.UUID(), nullable=False),
        sa.Column("booking_id", sa.UUID(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'requested'"), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("command_id", sa.Text(), nullable=False),
        sa.Column("provider_refund_id", sa.Text(), nullable=True),
        sa.Column("failure_reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('requested', 'processing', 'succeeded', 'failed')", name=op.f("ck_refunds_status_known")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_refunds_amount_positive")),
        sa.ForeignKeyConstraint(["booking_id"], ["bookings.id"], name=op.f("fk_refunds_booking_id_bookings")),
        sa.ForeignKeyConstraint(["business_id"], ["businesses.id"], name=op.f("fk_refunds_business_id_businesses")),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["booking_payments.id"], name=op.f("fk_refunds_payment_id_booking_payments")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
        sa.UniqueConstraint("payment_id", "command_id", name=op.f("uq_refunds_payment_id_command_id")),
    )
    op.create_index("ix_refunds_payment_id", "refunds", ["payment_id"], unique=False)
    op.create_index("ix_refunds_provider_refund_id", "refunds", ["provider_refund_id"], unique=False)


TABLES = (
    _audit_logs,
    _feature_flags,
    _idempotency_keys,
    _login_failures,
    _outbox,
    _payment_webhooks,
    _rate_limits,
    _users,
    _attention,
    _businesses,
    _data_exports,
    _email_verifications,
    _erasures,
    _flag_rollouts,
    _known_devices,
    _password_resets,
    _recovery_codes,
    _user_sessions,
    _user_two_factors,
    _business_directory,
    _business_documents,
    _business_holidays,
    _business_hours,
    _business_media,
    _business_settings,
    _business_slugs,
    _business_verifications,
    _cancellation_policies,
    _customers,
    _refresh_tokens,
    _resources,
    _bookings,
    _business_decisions,
    _services,
    _staff_assignments,
    _staff_exceptions,
    _staff_invitations,
    _staff_working_hours,
    _booking_history,
    _booking_items,
    _booking_payments,
    _booking_reminders,
    _notification_outbox,
    _reaccommodations,
    _resource_claims,
    _service_resources,
    _notification_attempts,
    _payment_transactions,
    _refunds,
)
