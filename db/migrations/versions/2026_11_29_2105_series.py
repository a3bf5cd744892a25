"""Recurring bookings: the plan, and what became of each occurrence."""

from collections.abc import Sequence

from alembic import op

from db.migrations.statements import apply_functions

revision: str = "2026_11_29_2105_series"
down_revision: str | None = "2026_11_29_2102_names_of_staff"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FUNCTIONS = {"app_enter": "ae0f3b07776b"}
SERIES = """
CREATE TABLE booking_series (
    id uuid DEFAULT uuidv7() NOT NULL,
    business_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    user_id uuid,
    start_at timestamptz NOT NULL,
    recurrence jsonb NOT NULL,
    time_zone text NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_booking_series PRIMARY KEY (id),
    CONSTRAINT fk_booking_series_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id),
    CONSTRAINT fk_booking_series_customer_id_customers FOREIGN KEY (customer_id) REFERENCES customers (id),
    CONSTRAINT fk_booking_series_user_id_users FOREIGN KEY (user_id) REFERENCES users (id))
"""
OCCURRENCES = """
CREATE TABLE series_occurrences (
    id uuid DEFAULT uuidv7() NOT NULL,
    business_id uuid NOT NULL,
    series_id uuid NOT NULL,
    number smallint NOT NULL,
    planned_at timestamptz NOT NULL,
    booking_id uuid,
    refusal text,
    CONSTRAINT pk_series_occurrences PRIMARY KEY (id),
    CONSTRAINT uq_series_occurrences_series_id_number UNIQUE (series_id, number),
    CONSTRAINT uq_series_occurrences_booking_id UNIQUE (booking_id),
    CONSTRAINT ck_series_occurrences_booked_or_refused CHECK ((booking_id IS NULL) = (refusal IS NOT NULL)),
    CONSTRAINT fk_series_occurrences_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id),
    CONSTRAINT fk_series_occurrences_series_id_booking_series FOREIGN KEY (series_id) REFERENCES booking_series (id),
    CONSTRAINT fk_series_occurrences_booking_id_bookings FOREIGN KEY (booking_id) REFERENCES bookings (id))
"""


def upgrade() -> None:
    for statement in (SERIES, OCCURRENCES):
        op.execute(statement)
    op.execute("CREATE INDEX ix_booking_series_business_id ON booking_series (business_id, id)")
    op.execute("CREATE INDEX ix_booking_series_user_id ON booking_series (user_id)")
    op.execute("CREATE INDEX ix_series_occurrences_business_id ON series_occurrences (business_id)")
    for table in ("booking_series", "series_occurrences"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} USING (business_id = (SELECT app_tenant()) OR (SELECT app_platform()))"
        )
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO omotenashi_app")
    op.execute("CREATE TRIGGER touch BEFORE UPDATE ON booking_series FOR EACH ROW EXECUTE FUNCTION touch_updated_at()")
    op.execute(
        "CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON booking_series FOR EACH ROW"
        " EXECUTE FUNCTION audit_change()"
    )
    apply_functions(FUNCTIONS)


def downgrade() -> None:
    """The newest `app_enter` stays: without the table, its branch for a series is never taken."""
    op.drop_table("series_occurrences")
    op.drop_table("booking_series")
