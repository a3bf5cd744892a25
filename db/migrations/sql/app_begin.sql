-- The first statement of every transaction: its scope, its actor, the object whose business it enters (if any), and
-- the idempotency key that it takes (if any). One function, so that the order is fixed and it costs one round trip.
CREATE OR REPLACE FUNCTION app_begin(
    scope text, tenant text, user_id text, actor_kind text, actor_id text, request_id text, ip text, user_agent text,
    kind text, object_id uuid, caller uuid, link uuid,
    key_subject text, key_name text, key_fingerprint bytea,
    OUT business_id uuid, OUT role text, OUT own boolean, OUT business_status text, OUT closed boolean,
    OUT linked boolean, OUT ends_at timestamptz,
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
          FROM app_enter(kind, object_id, caller, link) e;
        -- A login is staff in the businesses that it works for, and a customer everywhere else.
        IF app_begin.role IS NOT NULL AND actor_kind = 'customer' THEN
            PERFORM set_config('app.actor_kind', 'staff', true);
        END IF;
    END IF;
    -- The statement that reads for a hold is long: planning it takes four times as long as executing it. So it is planned
    -- once for a connection, like all others of a transaction that enters a service.
    IF kind = 'service' THEN
        PERFORM set_config('plan_cache_mode', 'force_generic_plan', true);
    END IF;
    -- Bookings of one caller at one business run one after the other, so that the count of open holds sees all of them:
    -- the statement that counts begins after this lock is taken.
    IF kind = 'service' AND key_subject IS NOT NULL AND app_begin.business_id IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock(hashtextextended(key_subject || app_begin.business_id::text, 0));
    END IF;
    IF key_subject IS NOT NULL THEN
        SELECT r.fresh, r.same, r.status_code, r.body
          INTO app_begin.fresh, app_begin.same, app_begin.status_code, app_begin.body
          FROM app_take_idempotency_key(key_subject, key_name, key_fingerprint) r;
    END IF;
END $$;
