"""Feature flags and their rollouts."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_21_feature_flags"
down_revision: str | None = "2026_11_21_rate_limits"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FLAGS = """
CREATE TABLE feature_flags (
    id uuid CONSTRAINT pk_feature_flags PRIMARY KEY DEFAULT uuidv7(),
    name text NOT NULL CONSTRAINT uq_feature_flags_name UNIQUE,
    description text NOT NULL DEFAULT '',
    enabled boolean NOT NULL DEFAULT false,
    killed boolean NOT NULL DEFAULT false,
    subject text NOT NULL DEFAULT 'user',
    share smallint NOT NULL DEFAULT 0,
    users uuid[] NOT NULL DEFAULT '{}',
    businesses uuid[] NOT NULL DEFAULT '{}',
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT ck_feature_flags_subject_known CHECK (subject IN ('user', 'business')),
    CONSTRAINT ck_feature_flags_share_in_range CHECK (share BETWEEN 0 AND 10000),
    CONSTRAINT ck_feature_flags_name_plain
        CHECK (name ~ '^[a-z][a-z0-9]*([._][a-z0-9]+)*$' AND length(name) <= 80)
)
"""
ROLLOUTS = """
CREATE TABLE flag_rollouts (
    id uuid CONSTRAINT pk_flag_rollouts PRIMARY KEY DEFAULT uuidv7(),
    flag_id uuid NOT NULL CONSTRAINT fk_flag_rollouts_flag_id_feature_flags
        REFERENCES feature_flags (id) ON DELETE CASCADE,
    status text NOT NULL DEFAULT 'running',
    plan jsonb NOT NULL,
    share_before smallint NOT NULL,
    step smallint NOT NULL DEFAULT 0,
    step_began_at timestamptz,
    ended_at timestamptz,
    reason jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT ck_flag_rollouts_status_known
        CHECK (status IN ('running', 'paused', 'done', 'stopped', 'cancelled', 'superseded'))
)
"""
TABLES = ("feature_flags", "flag_rollouts")


def upgrade() -> None:
    op.execute(FLAGS)
    op.execute(ROLLOUTS)
    op.execute(
        "CREATE UNIQUE INDEX uq_flag_rollouts_under_way ON flag_rollouts (flag_id) WHERE status IN ('running', 'paused')"
    )
    op.execute("CREATE INDEX ix_flag_rollouts_flag_id ON flag_rollouts (flag_id, id)")
    for table in TABLES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO omotenashi_app")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY platform ON {table} USING ((SELECT app_platform()))")
        op.execute(f"CREATE TRIGGER touch BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION touch_updated_at()")
        op.execute(
            f"CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION audit_change()"
        )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
