-- The events that payment providers sent about a booking of the present business. The inbox has no business of its own,
-- so its rows are read in platform scope; only those of the asked booking leave this function.
CREATE OR REPLACE FUNCTION app_provider_events(booking uuid)
RETURNS TABLE(received_at timestamptz, provider text, event_type text, event_id text, outcome text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    was text := current_setting('app.scope', true);
    whose uuid := app_tenant();
BEGIN
    PERFORM set_config('app.scope', 'platform', true);
    RETURN QUERY SELECT w.received_at, w.provider, w.event_type, w.event_id, w.outcome
      FROM booking_payments p JOIN payment_webhooks w ON w.payment_id = p.id
     WHERE p.booking_id = booking AND p.business_id = whose;
    PERFORM set_config('app.scope', coalesce(was, ''), true);
END $$;
REVOKE ALL ON FUNCTION app_provider_events FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_provider_events TO omotenashi_app;
