"""Money that is taken at the venue, and the tills that it is counted in."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_30_0340_venue_payments"
down_revision: str | None = "2026_11_30_0330_overbooking"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

PAYMENTS = """
CREATE TABLE venue_payments (
    id uuid DEFAULT uuidv7() NOT NULL,
    business_id uuid NOT NULL,
    booking_id uuid NOT NULL,
    kind text NOT NULL,
    method text NOT NULL,
    amount bigint NOT NULL,
    currency varchar(3) NOT NULL,
    day date NOT NULL,
    taken_by uuid NOT NULL,
    corrects uuid,
    reason text,
    command_id text NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_venue_payments PRIMARY KEY (id),
    CONSTRAINT fk_venue_payments_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id),
    CONSTRAINT fk_venue_payments_booking_id_bookings FOREIGN KEY (booking_id) REFERENCES bookings (id),
    CONSTRAINT fk_venue_payments_taken_by_users FOREIGN KEY (taken_by) REFERENCES users (id),
    CONSTRAINT fk_venue_payments_corrects_venue_payments FOREIGN KEY (corrects) REFERENCES venue_payments (id),
    CONSTRAINT uq_venue_payments_business_id_command_id_kind UNIQUE (business_id, command_id, kind),
    CONSTRAINT ck_venue_payments_kind_known CHECK (kind IN ('payment', 'refund', 'reversal')),
    CONSTRAINT ck_venue_payments_method_known CHECK (method IN ('cash', 'card', 'other')),
    CONSTRAINT ck_venue_payments_reason_known CHECK (reason IN ('amount', 'method', 'booking', 'duplicate')),
    CONSTRAINT ck_venue_payments_amount_has_its_sign CHECK (
        CASE kind WHEN 'payment' THEN amount > 0 WHEN 'refund' THEN amount < 0 ELSE amount <> 0 END),
    CONSTRAINT ck_venue_payments_reversal_names_its_entry CHECK (kind <> 'reversal' OR corrects IS NOT NULL),
    CONSTRAINT ck_venue_payments_correction_has_a_reason CHECK ((corrects IS NULL) = (reason IS NULL)))
"""
TILLS = """
CREATE TABLE tills (
    id uuid DEFAULT uuidv7() NOT NULL,
    business_id uuid NOT NULL,
    day date NOT NULL,
    user_id uuid NOT NULL,
    currency varchar(3) NOT NULL,
    opening bigint NOT NULL,
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    counted bigint,
    expected bigint,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_tills PRIMARY KEY (id),
    CONSTRAINT fk_tills_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id),
    CONSTRAINT fk_tills_user_id_users FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT uq_tills_business_id_day_user_id UNIQUE (business_id, day, user_id),
    CONSTRAINT ck_tills_amounts_not_negative CHECK (opening >= 0 AND counted >= 0),
    CONSTRAINT ck_tills_closed_with_its_count CHECK (num_nonnulls(closed_at, counted, expected) IN (0, 3)))
"""


def upgrade() -> None:
    op.execute(PAYMENTS)
    op.execute("CREATE INDEX ix_venue_payments_booking_id ON venue_payments (booking_id, id)")
    op.execute("CREATE INDEX ix_venue_payments_business_id_day ON venue_payments (business_id, day)")
    op.execute("CREATE UNIQUE INDEX uq_venue_payments_reversal ON venue_payments (corrects) WHERE kind = 'reversal'")
    op.execute(TILLS)
    for table in ("venue_payments", "tills"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} USING (business_id = (SELECT app_tenant()) OR (SELECT app_platform()))"
        )
    op.execute("GRANT SELECT, INSERT ON venue_payments TO omotenashi_app")
    op.execute("GRANT SELECT, INSERT, UPDATE ON tills TO omotenashi_app")
    op.execute("CREATE TRIGGER touch BEFORE UPDATE ON tills FOR EACH ROW EXECUTE FUNCTION touch_updated_at()")
    op.execute(
        "CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON tills FOR EACH ROW EXECUTE FUNCTION audit_change()"
    )


def downgrade() -> None:
    op.drop_table("tills")
    op.drop_table("venue_payments")
