-- All that a question for free time asks Postgres, where the process has the catalogue: enters the business of the
-- service, says who the caller is there and which version the catalogue has, and gives the live claims of the
-- resources `asked`. For each unit: the place of its resource in `asked`, and the starts and the ends of its claims, as
-- `timestamptz[]` in the binary form of the wire protocol. A claim is cut at the asked time, because a room can be closed
-- for years. By btree on stored times: under row-level security the planner may use only leak-proof operators on an
-- index, and range overlap is none. A hold past its time takes nothing, also before it is swept.
CREATE OR REPLACE FUNCTION app_free_time(
    service uuid, caller uuid, session uuid, admin uuid,
    asked uuid[], since timestamptz, until timestamptz, at timestamptz,
    OUT live boolean, OUT still_admin boolean,
    OUT business_id uuid, OUT role text, OUT own boolean, OUT business_status text, OUT closed boolean,
    OUT version uuid, OUT places int[], OUT units smallint[], OUT claims bytea[])
LANGUAGE plpgsql AS $$
BEGIN
    live := session IS NULL OR EXISTS (SELECT FROM user_sessions s WHERE s.id = session AND s.ended_at IS NULL);
    still_admin := admin IS NULL OR EXISTS (
        SELECT FROM users u WHERE u.id = admin AND u.platform_role = 'admin' AND u.deleted_at IS NULL);
    SELECT e.business_id, e.role, e.own, e.business_status, e.closed
      INTO app_free_time.business_id, app_free_time.role, app_free_time.own, app_free_time.business_status,
           app_free_time.closed
      FROM app_enter('service', service, caller) e;
    SELECT v.version INTO app_free_time.version
      FROM catalogue_versions v WHERE v.business_id = app_free_time.business_id;
    SELECT array_agg(array_position(asked, t.resource_id)), array_agg(t.unit), array_agg(t.claims)
      INTO app_free_time.places, app_free_time.units, app_free_time.claims
      FROM (SELECT c.resource_id, c.unit,
                   array_send(array_agg(greatest(c.starts_at, since)))
                   || array_send(array_agg(least(c.ends_at, until))) AS claims
              FROM resource_claims c
             WHERE c.resource_id = ANY(asked) AND c.released_at IS NULL
               AND c.ends_at > since AND c.starts_at < until AND (c.holds_until IS NULL OR c.holds_until > at)
             GROUP BY c.resource_id, c.unit) t;
END $$;
