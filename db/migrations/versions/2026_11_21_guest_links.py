"""A guest's signed link enters the tenant of its one booking; any table of tenants can be entered by its name; and a
closed business can still be asked for what people are owed of it."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_21_guest_links"
down_revision: str | None = "2026_11_21_single_use_links"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# Finds the tenant of an object, enters it, and says what the asker is there. `kind` is one of the words below, or the
# name of a table with `business_id`. `own`: the asker is the customer of this booking (and of what hangs on it).
# `linked`: `link` is this booking, or what the object hangs on; `ends_at` is its end. `closed`: the business is deleted.
# An error in here ends the transaction or its savepoint, and with it the scope that was switched.
ENTER = """
CREATE FUNCTION app_enter(kind text, object_id uuid, asker uuid, link uuid DEFAULT NULL,
                          OUT business_id uuid, OUT role text, OUT own boolean, OUT business_status text,
                          OUT closed boolean, OUT linked boolean, OUT ends_at timestamptz)
LANGUAGE plpgsql AS $$
DECLARE owner uuid; customer uuid; booking uuid;
BEGIN
    PERFORM set_config('app.scope', 'platform', true);
    own := false;
    linked := false;
    closed := false;
    CASE kind
    WHEN 'business' THEN business_id := object_id;
    WHEN 'service' THEN
        SELECT s.business_id INTO business_id FROM services s WHERE s.id = object_id AND s.deleted_at IS NULL;
    WHEN 'resource' THEN
        SELECT r.business_id INTO business_id FROM resources r WHERE r.id = object_id AND r.deleted_at IS NULL;
    WHEN 'policy' THEN
        SELECT p.business_id INTO business_id FROM cancellation_policies p
         WHERE p.id = object_id AND p.deleted_at IS NULL;
    WHEN 'booking' THEN
        SELECT b.business_id, b.user_id, b.id, b.end_at INTO business_id, customer, booking, ends_at
          FROM bookings b WHERE b.id = object_id;
    WHEN 'payment' THEN
        SELECT p.business_id, b.user_id, b.id, b.end_at INTO business_id, customer, booking, ends_at
          FROM booking_payments p JOIN bookings b ON b.id = p.booking_id WHERE p.id = object_id;
    WHEN 'notice' THEN
        SELECT n.business_id, n.user_id INTO business_id, customer FROM notification_outbox n WHERE n.id = object_id;
    ELSE
        EXECUTE format('SELECT t.business_id FROM %I t WHERE t.id = $1', kind) INTO business_id USING object_id;
    END CASE;
    SELECT b.owner_id, b.status, b.deleted_at IS NOT NULL INTO owner, business_status, closed
      FROM businesses b WHERE b.id = app_enter.business_id;
    IF NOT FOUND THEN
        business_id := NULL;
        closed := false;
        PERFORM set_config('app.scope', 'public', true);
        RETURN;
    END IF;
    linked := coalesce(booking = link, false);
    IF asker IS NOT NULL THEN
        own := coalesce(customer = asker, false);
        IF owner = asker THEN
            role := 'owner';
        ELSE
            SELECT a.role INTO role FROM staff_assignments a
             WHERE a.business_id = app_enter.business_id AND a.user_id = asker AND a.ended_at IS NULL;
        END IF;
    END IF;
    PERFORM set_config('app.scope', 'tenant', true), set_config('app.business_id', business_id::text, true);
END $$
"""

# The first statement of every transaction, as before, with the guest's booking among what it is told.
BEGIN = """
CREATE FUNCTION app_begin(scope text, tenant text, user_id text, actor_kind text, actor_id text, request_id text,
                          ip text, user_agent text, kind text, object_id uuid, asker uuid, link uuid,
                          who text, what text, print bytea,
                          OUT business_id uuid, OUT role text, OUT own boolean, OUT business_status text,
                          OUT closed boolean, OUT linked boolean, OUT ends_at timestamptz,
                          OUT fresh boolean, OUT same boolean, OUT status_code smallint, OUT body bytea)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('app.scope', scope, true), set_config('app.business_id', tenant, true),
            set_config('app.user_id', user_id, true), set_config('app.actor_kind', actor_kind, true),
            set_config('app.actor_id', actor_id, true), set_config('app.request_id', request_id, true),
            set_config('app.ip', ip, true), set_config('app.user_agent', user_agent, true);
    IF kind IS NOT NULL THEN
        SELECT e.business_id, e.role, e.own, e.business_status, e.closed, e.linked, e.ends_at
          INTO app_begin.business_id, app_begin.role, app_begin.own, app_begin.business_status, app_begin.closed,
               app_begin.linked, app_begin.ends_at
          FROM app_enter(kind, object_id, asker, link) e;
        -- A login is a customer to everybody but the businesses it works for.
        IF app_begin.role IS NOT NULL AND actor_kind = 'customer' THEN
            PERFORM set_config('app.actor_kind', 'staff', true);
        END IF;
    END IF;
    -- One login's keyed bookings at one business come one after the other, so that the limit of open holds is counted
    -- with all of them seen: the statement that counts begins after this lock is had.
    IF kind = 'service' AND who IS NOT NULL AND app_begin.business_id IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock(hashtextextended(who || app_begin.business_id::text, 0));
    END IF;
    IF who IS NOT NULL THEN
        SELECT r.fresh, r.same, r.status_code, r.body
          INTO app_begin.fresh, app_begin.same, app_begin.status_code, app_begin.body
          FROM app_remember(who, what, print) r;
    END IF;
END $$
"""

FORMER_ENTER = """
CREATE FUNCTION app_enter(kind text, object_id uuid, asker uuid,
                          OUT business_id uuid, OUT role text, OUT own boolean, OUT business_status text)
LANGUAGE plpgsql AS $$
DECLARE owner uuid; customer uuid;
BEGIN
    PERFORM set_config('app.scope', 'platform', true);
    own := false;
    CASE kind
    WHEN 'business' THEN business_id := object_id;
    WHEN 'service' THEN
        SELECT s.business_id INTO business_id FROM services s WHERE s.id = object_id AND s.deleted_at IS NULL;
    WHEN 'resource' THEN
        SELECT r.business_id INTO business_id FROM resources r WHERE r.id = object_id AND r.deleted_at IS NULL;
    WHEN 'policy' THEN
        SELECT p.business_id INTO business_id FROM cancellation_policies p
         WHERE p.id = object_id AND p.deleted_at IS NULL;
    WHEN 'booking' THEN
        SELECT b.business_id, b.user_id INTO business_id, customer FROM bookings b WHERE b.id = object_id;
    WHEN 'payment' THEN
        SELECT p.business_id, b.user_id INTO business_id, customer
          FROM booking_payments p JOIN bookings b ON b.id = p.booking_id WHERE p.id = object_id;
    WHEN 'notice' THEN
        SELECT n.business_id, n.user_id INTO business_id, customer FROM notification_outbox n WHERE n.id = object_id;
    END CASE;
    SELECT b.owner_id, b.status INTO owner, business_status
      FROM businesses b WHERE b.id = app_enter.business_id AND b.deleted_at IS NULL;
    IF NOT FOUND THEN
        business_id := NULL;
        PERFORM set_config('app.scope', 'public', true);
        RETURN;
    END IF;
    IF asker IS NOT NULL THEN
        own := coalesce(customer = asker, false);
        IF owner = asker THEN
            role := 'owner';
        ELSE
            SELECT a.role INTO role FROM staff_assignments a
             WHERE a.business_id = app_enter.business_id AND a.user_id = asker AND a.ended_at IS NULL;
        END IF;
    END IF;
    PERFORM set_config('app.scope', 'tenant', true), set_config('app.business_id', business_id::text, true);
END $$
"""

FORMER_BEGIN = """
CREATE FUNCTION app_begin(scope text, tenant text, user_id text, actor_kind text, actor_id text, request_id text,
                          ip text, user_agent text, kind text, object_id uuid, asker uuid,
                          who text, what text, print bytea,
                          OUT business_id uuid, OUT role text, OUT own boolean, OUT business_status text,
                          OUT fresh boolean, OUT same boolean, OUT status_code smallint, OUT body bytea)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('app.scope', scope, true), set_config('app.business_id', tenant, true),
            set_config('app.user_id', user_id, true), set_config('app.actor_kind', actor_kind, true),
            set_config('app.actor_id', actor_id, true), set_config('app.request_id', request_id, true),
            set_config('app.ip', ip, true), set_config('app.user_agent', user_agent, true);
    IF kind IS NOT NULL THEN
        SELECT e.business_id, e.role, e.own, e.business_status
          INTO app_begin.business_id, app_begin.role, app_begin.own, app_begin.business_status
          FROM app_enter(kind, object_id, asker) e;
        -- A login is a customer to everybody but the businesses it works for.
        IF app_begin.role IS NOT NULL AND actor_kind = 'customer' THEN
            PERFORM set_config('app.actor_kind', 'staff', true);
        END IF;
    END IF;
    -- One login's keyed bookings at one business come one after the other, so that the limit of open holds is counted
    -- with all of them seen: the statement that counts begins after this lock is had.
    IF kind = 'service' AND who IS NOT NULL AND app_begin.business_id IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock(hashtextextended(who || app_begin.business_id::text, 0));
    END IF;
    IF who IS NOT NULL THEN
        SELECT r.fresh, r.same, r.status_code, r.body
          INTO app_begin.fresh, app_begin.same, app_begin.status_code, app_begin.body
          FROM app_remember(who, what, print) r;
    END IF;
END $$
"""

_TEXTS = ", ".join(["text"] * 9)


def upgrade() -> None:
    op.execute(f"DROP FUNCTION app_begin({_TEXTS}, uuid, uuid, text, text, bytea)")
    op.execute("DROP FUNCTION app_enter(text, uuid, uuid)")
    op.execute(ENTER)
    op.execute(BEGIN)


def downgrade() -> None:
    op.execute(f"DROP FUNCTION app_begin({_TEXTS}, uuid, uuid, uuid, text, text, bytea)")
    op.execute("DROP FUNCTION app_enter(text, uuid, uuid, uuid)")
    op.execute(FORMER_ENTER)
    op.execute(FORMER_BEGIN)
