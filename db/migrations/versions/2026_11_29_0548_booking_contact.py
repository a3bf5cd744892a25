"""Each booking keeps the contact that was typed for it, and the network of a caller who proved no identity."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "2026_11_29_0548_booking_contact"
down_revision: str | None = "2026_11_29_0545_outbox_parking"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# Which records and bookings belong to a person: those of the login, and those that carry its address, if the address
# was proven. Blocking an erasure, the export and the erasure itself all ask this function. It reads across tenants, so
# it answers only the platform and the person.
PERSON = """
CREATE FUNCTION app_belongings(person uuid, OUT records uuid[], OUT visits uuid[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE was text := current_setting('app.scope', true);
BEGIN
    IF was IS DISTINCT FROM 'platform' AND current_setting('app.user_id', true) IS DISTINCT FROM person::text THEN
        RAISE EXCEPTION 'another person''s bookings' USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM set_config('app.scope', 'platform', true);
    SELECT coalesce(array_agg(c.id), '{}') INTO records FROM customers c JOIN users u ON u.id = person
     WHERE c.user_id = u.id
        OR (c.user_id IS NULL AND u.email_verified_at IS NOT NULL AND c.email_key = lower(u.email::text));
    SELECT coalesce(array_agg(b.id), '{}') INTO visits FROM bookings b
     WHERE b.user_id = person OR b.customer_id = ANY (records);
    PERFORM set_config('app.scope', coalesce(was, ''), true);
END $$
"""
# The visits that block an erasure, the next ones first.
AHEAD = """
CREATE FUNCTION app_visits_ahead(person uuid, at timestamptz)
RETURNS TABLE (id uuid, business_id uuid, code text, start_at timestamptz, status text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    was text := current_setting('app.scope', true);
    mine uuid[] := (SELECT visits FROM app_belongings(person));
BEGIN
    PERFORM set_config('app.scope', 'platform', true);
    RETURN QUERY SELECT b.id, b.business_id, b.code::text, b.start_at, b.status FROM bookings b
     WHERE b.id = ANY (mine) AND b.status IN ('pending', 'confirmed', 'checked_in') AND b.end_at > at
     ORDER BY b.start_at LIMIT 50;
    PERFORM set_config('app.scope', coalesce(was, ''), true);
END $$
"""


def upgrade() -> None:
    op.add_column("bookings", sa.Column("family_name", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("bookings", sa.Column("given_name", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("bookings", sa.Column("email", postgresql.CITEXT(), nullable=True))
    op.add_column("bookings", sa.Column("phone", sa.Text(), nullable=True))
    op.add_column("bookings", sa.Column("ip", sa.Text(), nullable=True))
    # Row-level security binds the owner, too; and a copy of what is there is no change for the trail.
    op.execute("SELECT set_config('app.scope', 'platform', true)")
    op.execute("ALTER TABLE bookings DISABLE TRIGGER USER")
    op.execute("""
        UPDATE bookings b SET family_name = c.family_name, given_name = c.given_name, email = c.email, phone = c.phone
          FROM customers c WHERE c.id = b.customer_id
    """)
    op.execute("ALTER TABLE bookings ENABLE TRIGGER USER")
    op.create_index(
        "ix_bookings_ip",
        "bookings",
        ["business_id", "ip", "start_at"],
        postgresql_where=sa.text("ip IS NOT NULL AND status IN ('pending', 'confirmed')"),
    )
    op.execute(PERSON)
    op.execute(AHEAD)
    for function in ("app_belongings(uuid)", "app_visits_ahead(uuid, timestamptz)"):
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO omotenashi_app")


def downgrade() -> None:
    op.execute("DROP FUNCTION app_visits_ahead(uuid, timestamptz)")
    op.execute("DROP FUNCTION app_belongings(uuid)")
    op.drop_index("ix_bookings_ip", table_name="bookings")
    for column in ("ip", "phone", "email", "given_name", "family_name"):
        op.drop_column("bookings", column)
