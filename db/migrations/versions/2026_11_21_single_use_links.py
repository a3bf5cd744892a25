"""Confirming an e-mail and choosing a new password: links that work once."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_21_single_use_links"
down_revision: str | None = "2026_11_21_identity"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TABLES = ("email_verifications", "password_resets")

# The foreign key is checked at the commit: who asks for a link with an unknown e-mail costs the same statements, which
# are then taken back.
TABLE = """
CREATE TABLE {table} (
    id uuid NOT NULL DEFAULT uuidv7(),
    user_id uuid NOT NULL,
    email citext NOT NULL,
    token_hash bytea NOT NULL,
    kid text NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_{table} PRIMARY KEY (id),
    CONSTRAINT fk_{table}_user_id_users FOREIGN KEY (user_id) REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED
)
"""


def upgrade() -> None:
    for table in TABLES:
        op.execute(TABLE.format(table=table))
        op.execute(f"CREATE INDEX ix_{table}_user_id ON {table} (user_id, id)")
        op.execute(f"CREATE TRIGGER touch BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION touch_updated_at()")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO omotenashi_app")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE {table}")
