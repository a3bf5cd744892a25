-- The visits that block an erasure, the next ones first. A visit whose address nobody has proven blocks nothing: anybody
-- can type an address.
CREATE OR REPLACE FUNCTION app_visits_ahead(person uuid, at timestamptz)
RETURNS TABLE(id uuid, business_id uuid, code text, start_at timestamptz, status text,
              time_zone text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    was text := current_setting('app.scope', true);
    mine uuid[] := (SELECT visits FROM app_records_of_person(person));
BEGIN
    PERFORM set_config('app.scope', 'platform', true);
    RETURN QUERY SELECT b.id, b.business_id, b.code::text, b.start_at, b.status, b.time_zone FROM bookings b
     WHERE b.id = ANY (mine) AND b.status IN ('pending', 'confirmed', 'checked_in') AND b.end_at > at
       AND (b.user_id = person OR b.contact_proven_at IS NOT NULL
            OR EXISTS (SELECT FROM customers c WHERE c.id = b.customer_id AND c.user_id = person))
     ORDER BY b.start_at LIMIT 50;
    PERFORM set_config('app.scope', coalesce(was, ''), true);
END $$;
REVOKE ALL ON FUNCTION app_visits_ahead FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_visits_ahead TO omotenashi_app;
