"""Bookings that a change of the calendar strands: each is offered another time, or all of the money back."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_21_reaccommodation"
down_revision: str | None = "2026_11_21_staff"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

KINDS = ("booking_reassigned", "reaccommodation_offered", "reaccommodation_reminder", "reaccommodation_decided")

TABLE = """
CREATE TABLE reaccommodations (
    id uuid DEFAULT uuidv7() NOT NULL,
    business_id uuid NOT NULL,
    booking_id uuid NOT NULL,
    number smallint NOT NULL,
    status text DEFAULT 'open' NOT NULL,
    reason text NOT NULL,
    start_at timestamptz NOT NULL,
    remind_at timestamptz,
    decide_by timestamptz NOT NULL,
    decided_at timestamptz,
    decided_by text,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_reaccommodations PRIMARY KEY (id),
    CONSTRAINT fk_reaccommodations_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id),
    CONSTRAINT fk_reaccommodations_booking_id_bookings FOREIGN KEY (booking_id) REFERENCES bookings (id),
    CONSTRAINT uq_reaccommodations_booking_id_number UNIQUE (booking_id, number),
    CONSTRAINT ck_reaccommodations_status_known CHECK (status IN ('open', 'moved', 'cancelled', 'kept', 'ended')),
    CONSTRAINT ck_reaccommodations_reason_known CHECK (reason IN ('hours', 'holidays', 'time_zone', 'working_hours',
        'exception', 'resource', 'service', 'staff_left')),
    CONSTRAINT ck_reaccommodations_decided CHECK ((status = 'open') = (decided_at IS NULL)));
CREATE UNIQUE INDEX uq_reaccommodations_open ON reaccommodations (booking_id) WHERE status = 'open';
CREATE INDEX ix_reaccommodations_business_id_status ON reaccommodations (business_id, status, id);
ALTER TABLE reaccommodations ENABLE ROW LEVEL SECURITY;
ALTER TABLE reaccommodations FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON reaccommodations USING (business_id = (SELECT app_tenant()) OR (SELECT app_platform()));
CREATE POLICY also_read ON reaccommodations FOR SELECT USING ((SELECT app_self()) IS NOT NULL
    AND EXISTS (SELECT 1 FROM bookings b WHERE b.id = booking_id));
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON reaccommodations
    FOR EACH ROW EXECUTE FUNCTION audit_change();
CREATE TRIGGER touch BEFORE UPDATE ON reaccommodations FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
GRANT SELECT, INSERT, UPDATE, DELETE ON reaccommodations TO omotenashi_app
"""

# What the constraint allows already stays; kinds are added to it and taken away from it.
ALLOW = """
DO $$ DECLARE known text;
BEGIN
    SELECT pg_get_constraintdef(oid) INTO known FROM pg_constraint WHERE conname = 'ck_notification_outbox_kind_known';
    ALTER TABLE notification_outbox DROP CONSTRAINT ck_notification_outbox_kind_known;
    EXECUTE 'ALTER TABLE notification_outbox ADD CONSTRAINT ck_notification_outbox_kind_known ' || %s;
END $$
"""
_LISTED = ", ".join(f"''{kind}''::text" for kind in KINDS)
ADDED = f"replace(known, 'ARRAY[', 'ARRAY[{_LISTED}, ')"
REMOVED = f"replace(known, '{_LISTED}, ', '')"


def upgrade() -> None:
    for statement in TABLE.split(";\n"):
        op.execute(statement)
    op.execute(ALLOW % ADDED)


def downgrade() -> None:
    listed = ", ".join(f"'{kind}'" for kind in KINDS)
    op.execute("ALTER TABLE notification_outbox NO FORCE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE notification_attempts NO FORCE ROW LEVEL SECURITY")
    op.execute(
        "DELETE FROM notification_attempts WHERE notice_id IN"
        f" (SELECT id FROM notification_outbox WHERE kind IN ({listed}))"
    )
    op.execute(f"DELETE FROM notification_outbox WHERE kind IN ({listed})")
    op.execute("ALTER TABLE notification_attempts FORCE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE notification_outbox FORCE ROW LEVEL SECURITY")
    op.execute(ALLOW % REMOVED)
    op.execute("DROP TABLE reaccommodations")
