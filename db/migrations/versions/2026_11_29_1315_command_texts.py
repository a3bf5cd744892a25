"""Texts that people type with a command are stored separately, so that Temporal never stores them."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_29_1315_command_texts"
down_revision: str | None = "2026_11_29_1250_customer_moves"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TABLE = """
CREATE TABLE command_texts (
    business_id uuid NOT NULL CONSTRAINT fk_command_texts_business_id_businesses REFERENCES businesses (id),
    command_id text NOT NULL,
    booking_id uuid CONSTRAINT fk_command_texts_booking_id_bookings REFERENCES bookings (id),
    user_id uuid CONSTRAINT fk_command_texts_user_id_users REFERENCES users (id),
    body text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_command_texts PRIMARY KEY (business_id, command_id)
)
"""
INDEXED = ("created_at", "booking_id", "user_id")


def upgrade() -> None:
    op.execute(TABLE)
    for column in INDEXED:
        op.execute(f"CREATE INDEX ix_command_texts_{column} ON command_texts ({column})")
    op.execute("ALTER TABLE command_texts ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE command_texts FORCE ROW LEVEL SECURITY")
    op.execute("""
        CREATE POLICY tenant ON command_texts
         USING (business_id = (SELECT app_tenant()) OR (SELECT app_platform()))
    """)
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON command_texts TO omotenashi_app")


def downgrade() -> None:
    op.drop_table("command_texts")
