"""Invitations, days on which people are not there as usual, and a count of what changes in a calendar."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_21_staff"
down_revision: str | None = "2026_11_21_verification"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# A whole leave is one row, and what is off for a part of a day is kept as such: it stays right when the usual hours
# change under it. What was a row per day goes on as other hours, or as off where it had none.
EXCEPTIONS = """
ALTER TABLE staff_exceptions DROP CONSTRAINT uq_staff_exceptions_resource_id_day;
ALTER TABLE staff_exceptions RENAME COLUMN day TO first_day;
ALTER TABLE staff_exceptions RENAME COLUMN opens TO ranges;
ALTER TABLE staff_exceptions ADD COLUMN last_day date, ADD COLUMN kind text;
ALTER TABLE staff_exceptions NO FORCE ROW LEVEL SECURITY;
UPDATE staff_exceptions SET last_day = first_day, kind = CASE WHEN ranges = '{}' THEN 'off' ELSE 'hours' END;
ALTER TABLE staff_exceptions FORCE ROW LEVEL SECURITY;
ALTER TABLE staff_exceptions ALTER COLUMN last_day SET NOT NULL, ALTER COLUMN kind SET NOT NULL,
    ADD CONSTRAINT ck_staff_exceptions_kind_known CHECK (kind IN ('off', 'hours')),
    ADD CONSTRAINT ck_staff_exceptions_days_in_order CHECK (last_day >= first_day),
    ADD CONSTRAINT ck_staff_exceptions_hours_have_ranges CHECK (kind = 'off' OR ranges <> '{}'),
    ADD CONSTRAINT ex_staff_exceptions_one_kind_of_hours
        EXCLUDE USING gist (resource_id WITH =, daterange(first_day, last_day, '[]') WITH &&) WHERE (kind = 'hours');
CREATE INDEX ix_staff_exceptions_resource_id_last_day ON staff_exceptions (resource_id, last_day);
CREATE INDEX ix_staff_exceptions_business_id ON staff_exceptions (business_id);
"""

EXCEPTIONS_BACK = """
DROP INDEX ix_staff_exceptions_business_id;
DROP INDEX ix_staff_exceptions_resource_id_last_day;
ALTER TABLE staff_exceptions DROP CONSTRAINT ex_staff_exceptions_one_kind_of_hours,
    DROP CONSTRAINT ck_staff_exceptions_hours_have_ranges, DROP CONSTRAINT ck_staff_exceptions_days_in_order,
    DROP CONSTRAINT ck_staff_exceptions_kind_known;
ALTER TABLE staff_exceptions NO FORCE ROW LEVEL SECURITY;
DELETE FROM staff_exceptions a USING staff_exceptions b WHERE a.resource_id = b.resource_id
    AND a.first_day = b.first_day AND a.id > b.id;
ALTER TABLE staff_exceptions FORCE ROW LEVEL SECURITY;
ALTER TABLE staff_exceptions DROP COLUMN kind, DROP COLUMN last_day;
ALTER TABLE staff_exceptions RENAME COLUMN ranges TO opens;
ALTER TABLE staff_exceptions RENAME COLUMN first_day TO day;
ALTER TABLE staff_exceptions ADD CONSTRAINT uq_staff_exceptions_resource_id_day UNIQUE (resource_id, day);
"""

INVITATIONS = """
CREATE TABLE staff_invitations (
    id uuid DEFAULT uuidv7() NOT NULL,
    business_id uuid NOT NULL,
    email citext NOT NULL,
    role text NOT NULL,
    resource_id uuid,
    resource_name jsonb,
    language text NOT NULL,
    invited_by uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    accepted_at timestamptz,
    withdrawn_at timestamptz,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_staff_invitations PRIMARY KEY (id),
    CONSTRAINT fk_staff_invitations_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id),
    CONSTRAINT fk_staff_invitations_resource_id_resources FOREIGN KEY (resource_id) REFERENCES resources (id),
    CONSTRAINT fk_staff_invitations_invited_by_users FOREIGN KEY (invited_by) REFERENCES users (id),
    CONSTRAINT ck_staff_invitations_role_known CHECK (role IN ('manager', 'staff', 'assistant')),
    CONSTRAINT ck_staff_invitations_one_resource CHECK (resource_id IS NULL OR resource_name IS NULL),
    CONSTRAINT ck_staff_invitations_resource_name_bilingual CHECK (resource_name ?| array['ja', 'en']),
    CONSTRAINT ck_staff_invitations_language_known CHECK (language IN ('ja', 'en')));
CREATE UNIQUE INDEX uq_staff_invitations_open ON staff_invitations (business_id, email)
    WHERE accepted_at IS NULL AND withdrawn_at IS NULL;
ALTER TABLE staff_invitations ENABLE ROW LEVEL SECURITY;
ALTER TABLE staff_invitations FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON staff_invitations USING (business_id = (SELECT app_tenant()) OR (SELECT app_platform()));
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON staff_invitations
    FOR EACH ROW EXECUTE FUNCTION audit_change();
CREATE TRIGGER touch BEFORE UPDATE ON staff_invitations FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
GRANT SELECT, INSERT, UPDATE, DELETE ON staff_invitations TO omotenashi_app;
"""

# Whoever is invited has no role in the business yet. The login that the invitation is addressed to, in its own scope,
# enters the tenant with it; nobody else does.
ENTER_INVITED = """
CREATE FUNCTION app_enter_invited(invitation uuid) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE me uuid := app_self(); tenant uuid;
BEGIN
    IF me IS NULL THEN RETURN NULL; END IF;
    PERFORM set_config('app.scope', 'platform', true);
    SELECT i.business_id INTO tenant
      FROM staff_invitations i JOIN users u ON u.email = i.email JOIN businesses b ON b.id = i.business_id
     WHERE i.id = invitation AND u.id = me AND b.deleted_at IS NULL;
    IF tenant IS NULL THEN
        PERFORM set_config('app.scope', 'self', true);
        RETURN NULL;
    END IF;
    PERFORM set_config('app.scope', 'tenant', true), set_config('app.business_id', tenant::text, true);
    RETURN tenant;
END $$
"""


def _run(script: str) -> None:
    for statement in script.split(";\n"):
        if statement.strip():
            op.execute(statement)


def upgrade() -> None:
    op.execute("ALTER TABLE businesses ADD COLUMN calendar_version integer NOT NULL DEFAULT 0")
    op.execute("ALTER TABLE resources ADD COLUMN has_public_holiday_row boolean NOT NULL DEFAULT false")
    op.execute("ALTER TABLE bookings ADD COLUMN preferred_resource_ids uuid[] NOT NULL DEFAULT '{}'")
    _run(EXCEPTIONS)
    _run(INVITATIONS)
    op.execute(ENTER_INVITED)


def downgrade() -> None:
    op.execute("DROP FUNCTION app_enter_invited(uuid)")
    op.execute("DROP TABLE staff_invitations")
    _run(EXCEPTIONS_BACK)
    op.execute("ALTER TABLE bookings DROP COLUMN preferred_resource_ids")
    op.execute("ALTER TABLE resources DROP COLUMN has_public_holiday_row")
    op.execute("ALTER TABLE businesses DROP COLUMN calendar_version")
