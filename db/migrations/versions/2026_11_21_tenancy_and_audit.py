"""Who sees what (row-level security), who did what (audit trigger), and what the application may do (grants)."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_21_tenancy_and_audit"
down_revision: str | None = "2026_11_21_first_slice"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# What a transaction has said about itself. Each is NULL until `unit_of_work` says so: nothing is visible by default.
SCOPE_FUNCTIONS = """
CREATE FUNCTION app_tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN current_setting('app.scope', true) = 'tenant'
                THEN NULLIF(current_setting('app.business_id', true), '')::uuid END $$;
CREATE FUNCTION app_self() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN current_setting('app.scope', true) = 'self'
                THEN NULLIF(current_setting('app.user_id', true), '')::uuid END $$;
CREATE FUNCTION app_platform() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(current_setting('app.scope', true) = 'platform', false) $$;
CREATE FUNCTION app_public() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(current_setting('app.scope', true) = 'public', false) $$;
"""

# Finds the tenant of an object, enters it, and says what the asker is there. One round trip: the object's id is all
# that a request brings. `own` is true for the customer of a booking (and what hangs on it).
ENTER = """
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
END $$;
"""

# Takes an idempotency key inside the caller's transaction. A concurrent twin waits here until the first commits.
REMEMBER = """
CREATE FUNCTION app_remember(who text, what text, print bytea,
                             OUT fresh boolean, OUT same boolean, OUT status_code smallint, OUT body bytea)
LANGUAGE plpgsql AS $$
DECLARE known idempotency_keys;
BEGIN
    INSERT INTO idempotency_keys (subject, key, fingerprint, locked_until)
    VALUES (who, what, print, now() + interval '30 seconds') ON CONFLICT DO NOTHING;
    fresh := FOUND;
    same := true;
    IF fresh THEN RETURN; END IF;
    SELECT * INTO known FROM idempotency_keys k WHERE k.subject = who AND k.key = what FOR UPDATE;
    IF known.created_at < now() - interval '24 hours' THEN
        UPDATE idempotency_keys k SET fingerprint = print, status_code = NULL, body = NULL, created_at = now(),
               locked_until = now() + interval '30 seconds' WHERE k.subject = who AND k.key = what;
        fresh := true;
        RETURN;
    END IF;
    same := known.fingerprint = print;
    status_code := known.status_code;
    body := known.body;
    -- Whoever took the key died before it had an answer: the same request may try again.
    IF same AND status_code IS NULL AND known.locked_until < now() THEN
        UPDATE idempotency_keys k SET locked_until = now() + interval '30 seconds'
         WHERE k.subject = who AND k.key = what;
        fresh := true;
    END IF;
END $$;
"""

# The first statement of every transaction: whose it is, who does it, which object's tenant it enters (if any), and
# which idempotency key it takes (if any). One function, so that the order is certain and the round trip is one.
BEGIN = """
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
END $$;
"""

TRIGGERS = """
CREATE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.updated_at := now(); RETURN NEW; END $$;

CREATE FUNCTION audit_masked(kept jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_object_agg(key, CASE WHEN key IN ('password_hash', 'client_secret')
                                               THEN '"***"'::jsonb ELSE value END), '{}'::jsonb)
      FROM jsonb_each(kept) $$;

CREATE FUNCTION audit_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
    old_row jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    new_row jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
    whole jsonb := coalesce(new_row, old_row);
    was jsonb; becomes jsonb;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT jsonb_object_agg(o.key, o.value), jsonb_object_agg(o.key, n.value) INTO was, becomes
          FROM jsonb_each(old_row) o JOIN jsonb_each(new_row) n USING (key)
         WHERE o.value IS DISTINCT FROM n.value AND o.key <> 'updated_at';
        IF was IS NULL THEN RETURN NULL; END IF;
        was := audit_masked(was); becomes := audit_masked(becomes);
    ELSIF TG_OP = 'INSERT' THEN becomes := audit_masked(jsonb_strip_nulls(new_row));
    ELSE was := audit_masked(jsonb_strip_nulls(old_row));
    END IF;
    INSERT INTO audit_logs (business_id, entity, entity_id, action, before, after,
                            actor_kind, actor_id, request_id, ip, user_agent)
    VALUES ((CASE WHEN TG_TABLE_NAME = 'businesses' THEN whole->>'id' ELSE whole->>'business_id' END)::uuid,
            TG_TABLE_NAME, coalesce(whole->>'id', whole->>'business_id'), lower(TG_OP), was, becomes,
            NULLIF(current_setting('app.actor_kind', true), ''),
            NULLIF(current_setting('app.actor_id', true), '')::uuid,
            NULLIF(current_setting('app.request_id', true), ''),
            NULLIF(current_setting('app.ip', true), '')::inet,
            NULLIF(current_setting('app.user_agent', true), ''));
    RETURN NULL;
END $$;

CREATE FUNCTION wake_relay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_notify('outbox', ''); RETURN NULL; END $$;
CREATE TRIGGER wake_relay AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION wake_relay();
"""

# Partitions are made ahead by `ensure_audit_partitions`; the default one is there so that nothing is ever lost.
PARTITIONS = """
CREATE TABLE audit_logs_default PARTITION OF audit_logs DEFAULT;
CREATE FUNCTION ensure_audit_partitions(months integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE first date; low timestamptz; high timestamptz; name text;
BEGIN
    FOR i IN 0..months LOOP
        first := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => i))::date;
        low := first::timestamp AT TIME ZONE 'UTC';
        high := (first + interval '1 month') AT TIME ZONE 'UTC';
        name := 'audit_logs_' || to_char(first, 'YYYY_MM');
        IF to_regclass(name) IS NULL THEN
            EXECUTE format('CREATE TABLE %I (LIKE audit_logs INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
            -- What came before its month had a table waits in the default one. The owner is bound by the policies too.
            ALTER TABLE audit_logs_default NO FORCE ROW LEVEL SECURITY;
            EXECUTE format('WITH moved AS (DELETE FROM audit_logs_default WHERE at >= %L AND at < %L RETURNING *)
                            INSERT INTO %I SELECT * FROM moved', low, high, name);
            ALTER TABLE audit_logs_default FORCE ROW LEVEL SECURITY;
            EXECUTE format('ALTER TABLE audit_logs ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, low, high);
            EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
            EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        END IF;
    END LOOP;
END $$;
ALTER TABLE audit_logs_default ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_logs_default FORCE ROW LEVEL SECURITY;
SELECT ensure_audit_partitions(3);
"""

TENANT = "business_id = (SELECT app_tenant()) OR (SELECT app_platform())"
OF_APPROVED = "(SELECT app_public()) AND EXISTS (SELECT 1 FROM businesses b WHERE b.id = business_id)"
OF_MY_BOOKING = "(SELECT app_self()) IS NOT NULL AND EXISTS (SELECT 1 FROM bookings b WHERE b.id = booking_id)"
MINE = "user_id = (SELECT app_self())"

#: table -> what may be read beside the tenant's own (and the platform's) rows.
ALSO_READ: dict[str, str | None] = {
    "business_settings": OF_APPROVED,
    "business_hours": OF_APPROVED,
    "business_holidays": OF_APPROVED,
    "cancellation_policies": OF_APPROVED,
    "services": OF_APPROVED,
    "resources": OF_APPROVED,
    "service_resources": OF_APPROVED,
    "staff_assignments": MINE,
    "staff_working_hours": None,
    "staff_exceptions": None,
    "customers": MINE,
    "bookings": MINE,
    "booking_items": OF_MY_BOOKING,
    "resource_claims": OF_MY_BOOKING,
    "booking_history": OF_MY_BOOKING,
    "booking_reminders": None,
    "booking_payments": OF_MY_BOOKING,
    "payment_transactions": None,
    "refunds": OF_MY_BOOKING,
    "notification_outbox": MINE,
    "notification_attempts": None,
    "outbox": None,
    "audit_logs": None,
    "attention": None,
}

AUDITED = (
    "users",
    "businesses",
    "business_settings",
    "business_hours",
    "business_holidays",
    "cancellation_policies",
    "services",
    "resources",
    "service_resources",
    "staff_assignments",
    "staff_working_hours",
    "staff_exceptions",
    "customers",
    "bookings",
    "booking_payments",
    "refunds",
)
STAMPED = (*(name for name in AUDITED if name != "service_resources"), "notification_outbox")

#: Written once, then only read: the application may insert and select.
APPEND_ONLY = ("audit_logs", "booking_history", "payment_transactions")

FUNCTIONS = (
    "app_tenant()",
    "app_self()",
    "app_platform()",
    "app_public()",
    "app_enter(text, uuid, uuid)",
    "app_remember(text, text, bytea)",
    "app_begin(text, text, text, text, text, text, text, text, text, uuid, uuid, text, text, bytea)",
    "touch_updated_at()",
    "audit_masked(jsonb)",
    "audit_change()",
    "wake_relay()",
    "ensure_audit_partitions(integer)",
)


def _statements(script: str) -> list[str]:
    """The single statements of a script; asyncpg takes one at a time. Bodies in ``$$`` stay whole."""
    parts, quoted, current = [], False, ""
    for piece in script.split("$$"):
        if quoted:
            current += "$$" + piece + "$$"
        else:
            *done, rest = piece.split(";")
            for statement in done:
                parts.append(current + statement)
                current = ""
            current += rest
        quoted = not quoted
    return [statement.strip() for statement in (*parts, current) if statement.strip()]


def _run(script: str) -> None:
    for statement in _statements(script):
        op.execute(statement)


def _secure(table: str, using: str, also_read: str | None) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON {table} USING ({using})")
    if also_read is not None:
        op.execute(f"CREATE POLICY also_read ON {table} FOR SELECT USING ({also_read})")


def upgrade() -> None:
    for script in (SCOPE_FUNCTIONS, ENTER, REMEMBER, BEGIN, TRIGGERS, PARTITIONS):
        _run(script)
    _secure(
        "businesses",
        "id = (SELECT app_tenant()) OR (SELECT app_platform())",
        "((SELECT app_public()) AND status = 'approved' AND deleted_at IS NULL) OR owner_id = (SELECT app_self())"
        " OR ((SELECT app_self()) IS NOT NULL AND id IN (SELECT a.business_id FROM staff_assignments a"
        " WHERE a.user_id = (SELECT app_self()) AND a.ended_at IS NULL))",
    )
    # Whoever registers a business is its owner before any tenant exists.
    op.execute("CREATE POLICY found ON businesses FOR INSERT WITH CHECK (owner_id = (SELECT app_self()))")
    for table, also_read in ALSO_READ.items():
        _secure(table, TENANT, also_read)
    _secure("payment_webhooks", "(SELECT app_platform())", None)
    # The audit trigger writes for every scope, as the owner, who is bound by the policies too.
    op.execute(
        "CREATE POLICY written_by_trigger ON audit_logs FOR INSERT WITH CHECK (current_user = 'omotenashi_owner')"
    )
    # Reading one's own messages is the recipient's to note.
    op.execute(f"CREATE POLICY read_by_me ON notification_outbox FOR UPDATE USING ({MINE})")
    for table in AUDITED:
        op.execute(
            f"CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION audit_change()"
        )
    for table in STAMPED:
        op.execute(f"CREATE TRIGGER touch BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION touch_updated_at()")
    op.execute("GRANT USAGE ON SCHEMA public TO omotenashi_app")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO omotenashi_app")
    for table in APPEND_ONLY:
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM omotenashi_app")
    op.execute("REVOKE INSERT ON audit_logs FROM omotenashi_app")
    op.execute("REVOKE ALL ON alembic_version FROM omotenashi_app")
    op.execute("GRANT SELECT ON alembic_version TO omotenashi_app")
    op.execute("REVOKE EXECUTE ON FUNCTION ensure_audit_partitions(integer) FROM PUBLIC")
    # A rolling window of partitions would keep what it inherited from the grants above: none of them is granted.
    _run("""
        DO $$ DECLARE part regclass; BEGIN
            FOR part IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'audit_logs'::regclass LOOP
                EXECUTE format('REVOKE ALL ON %s FROM omotenashi_app', part);
            END LOOP;
        END $$;
    """)


def downgrade() -> None:
    for table in ("businesses", "payment_webhooks", *ALSO_READ):
        for policy in ("tenant", "also_read", "found", "written_by_trigger", "read_by_me"):
            op.execute(f"DROP POLICY IF EXISTS {policy} ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    for table in AUDITED:
        op.execute(f"DROP TRIGGER audit ON {table}")
    for table in STAMPED:
        op.execute(f"DROP TRIGGER touch ON {table}")
    op.execute("DROP TRIGGER wake_relay ON outbox")
    _run("""
        DO $$ DECLARE part regclass; BEGIN
            FOR part IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'audit_logs'::regclass LOOP
                EXECUTE format('DROP TABLE %s', part);
            END LOOP;
        END $$;
    """)
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function} CASCADE")
    op.execute("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM omotenashi_app")
