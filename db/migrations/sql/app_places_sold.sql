-- The places of a class that live bookings and open offers of the waitlist have, by start: numbers alone, so everybody may
-- ask. ``but_for`` is a booking that does not count.
CREATE OR REPLACE FUNCTION app_places_sold(
    service uuid, since timestamptz, until timestamptz, at timestamptz, but_for uuid
)
RETURNS TABLE(start_at timestamptz, places bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    was text := current_setting('app.scope', true);
BEGIN
    PERFORM set_config('app.scope', 'platform', true);
    RETURN QUERY SELECT taken.start_at, sum(taken.party_size)::bigint
      FROM (SELECT i.start_at, b.party_size
              FROM booking_items i JOIN bookings b ON b.id = i.booking_id
             WHERE i.service_id = service AND i.start_at >= since AND i.start_at < until
               AND b.id IS DISTINCT FROM but_for
               AND (b.status IN ('confirmed', 'checked_in', 'completed')
                    OR (b.status = 'pending' AND b.hold_expires_at > at))
             UNION ALL
            SELECT o.start_at, o.party_size FROM waitlist_offers o
             WHERE o.service_id = service AND o.start_at >= since AND o.start_at < until
               AND o.id IS DISTINCT FROM but_for AND o.status = 'open' AND o.expires_at > at) taken
     GROUP BY taken.start_at;
    PERFORM set_config('app.scope', coalesce(was, ''), true);
END $$;
REVOKE ALL ON FUNCTION app_places_sold FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_places_sold TO omotenashi_app;
