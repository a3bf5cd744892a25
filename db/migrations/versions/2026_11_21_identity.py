"""Sessions, refresh tokens, lockout, known devices and the second factor."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "2026_11_21_identity"
down_revision: str | None = "2026_11_21_letters"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

#: Rows belong to logins, not to businesses: like ``users`` they have no tenant, and only stores of identity read them.
TABLES = (
    "user_sessions",
    "refresh_tokens",
    "login_failures",
    "user_two_factors",
    "recovery_codes",
    "known_devices",
)
STAMPED = ("user_sessions", "user_two_factors")

# By the end of the name, so that a column of tomorrow is masked without anybody thinking of it.
MASKED = r"""
CREATE OR REPLACE FUNCTION audit_masked(kept jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_object_agg(key, CASE WHEN key LIKE ANY (ARRAY['%\_hash', '%\_secret', '%\_token',
                                                                        '%\_encrypted'])
                                               THEN '"***"'::jsonb ELSE value END), '{}'::jsonb)
      FROM jsonb_each(kept) $$
"""
MASKED_BEFORE = """
CREATE OR REPLACE FUNCTION audit_masked(kept jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_object_agg(key, CASE WHEN key IN ('password_hash', 'client_secret')
                                               THEN '"***"'::jsonb ELSE value END), '{}'::jsonb)
      FROM jsonb_each(kept) $$
"""


def _time(name: str, *, nullable: bool = False, default: str | None = "now()") -> sa.Column[Any]:
    server_default = sa.text(default) if default and not nullable else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=server_default, nullable=nullable)


def _user(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f(f"fk_{table}_user_id_users"))


def _create_sessions() -> None:
    op.create_table(
        "user_sessions",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("ip", postgresql.INET(), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.Column("two_factor", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        _time("last_used_at", default=None),
        _time("expires_at", default=None),
        _time("ended_at", nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        _time("created_at"),
        _time("updated_at"),
        sa.CheckConstraint(
            "end_reason IN ('logged_out', 'revoked', 'password_changed', 'password_reset', 'token_reused',"
            " 'two_factor_changed', 'account_closed')",
            name=op.f("ck_user_sessions_end_reason_known"),
        ),
        _user("user_sessions"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_sessions")),
    )
    op.create_index("ix_user_sessions_user_id", "user_sessions", ["user_id", "id"])
    op.create_table(
        "refresh_tokens",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("session_id", sa.UUID(), nullable=False),
        _time("created_at"),
        _time("expires_at", default=None),
        _time("used_at", nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["user_sessions.id"],
            name=op.f("fk_refresh_tokens_session_id_user_sessions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_refresh_tokens")),
    )
    op.create_index("ix_refresh_tokens_session_id", "refresh_tokens", ["session_id"])


def _create_guards() -> None:
    op.create_table(
        "login_failures",
        sa.Column("subject_hash", sa.LargeBinary(), nullable=False),
        sa.Column("failed_at", postgresql.ARRAY(sa.DateTime(timezone=True)), nullable=False),
        _time("locked_until", nullable=True),
        _time("forget_at", default=None),
        sa.PrimaryKeyConstraint("subject_hash", name=op.f("pk_login_failures")),
    )
    op.create_index("ix_login_failures_forget_at", "login_failures", ["forget_at"])
    op.create_table(
        "known_devices",
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("device_hash", sa.LargeBinary(), nullable=False),
        _time("created_at"),
        _time("last_seen_at"),
        _user("known_devices"),
        sa.PrimaryKeyConstraint("user_id", "device_hash", name=op.f("pk_known_devices")),
    )


def _create_second_factor() -> None:
    op.create_table(
        "user_two_factors",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("totp_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        _time("enabled_at", nullable=True),
        sa.Column("last_step", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        _time("created_at"),
        _time("updated_at"),
        _user("user_two_factors"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_two_factors")),
        sa.UniqueConstraint("user_id", name=op.f("uq_user_two_factors_user_id")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        _time("created_at"),
        _time("used_at", nullable=True),
        _user("recovery_codes"),
        sa.PrimaryKeyConstraint("user_id", "code_hash", name=op.f("pk_recovery_codes")),
    )


def upgrade() -> None:
    _create_sessions()
    _create_guards()
    _create_second_factor()
    for table in TABLES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO omotenashi_app")
    for table in STAMPED:
        op.execute(f"CREATE TRIGGER touch BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION touch_updated_at()")
    op.execute(
        "CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON user_two_factors"
        " FOR EACH ROW EXECUTE FUNCTION audit_change()"
    )
    op.execute(MASKED)


def downgrade() -> None:
    op.execute(MASKED_BEFORE)
    for table in reversed(TABLES):
        op.drop_table(table)
