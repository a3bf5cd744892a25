-- Finds the business of an object, enters it, and says which role the caller has there. `kind` is one of the words
-- below, or the name of a table with `business_id`. `own`: the caller is the customer of this booking (or of the
-- booking that the object belongs to), or waits with this entry of the waitlist. `linked`: `link` is that booking,
-- entry or message; `ends_at` is its end, of a message its beginning. `closed`: the business is deleted. An error in here ends the transaction or its savepoint, and with it the scope that was switched.
CREATE OR REPLACE FUNCTION app_enter(
    kind text, object_id uuid, caller uuid, link uuid DEFAULT NULL,
    OUT business_id uuid, OUT role text, OUT own boolean, OUT business_status text, OUT closed boolean,
    OUT linked boolean, OUT ends_at timestamptz)
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
    WHEN 'series' THEN
        SELECT s.business_id, s.user_id INTO business_id, customer FROM booking_series s WHERE s.id = object_id;
    WHEN 'payment' THEN
        SELECT p.business_id, b.user_id, b.id, b.end_at INTO business_id, customer, booking, ends_at
          FROM booking_payments p JOIN bookings b ON b.id = p.booking_id WHERE p.id = object_id;
    WHEN 'waitlist' THEN
        SELECT w.business_id, w.user_id, w.id, w.ends_at INTO business_id, customer, booking, ends_at
          FROM waitlist w WHERE w.id = object_id;
    WHEN 'review' THEN
        SELECT r.business_id, r.user_id, r.booking_id, b.end_at INTO business_id, customer, booking, ends_at
          FROM reviews r JOIN bookings b ON b.id = r.booking_id WHERE r.id = object_id AND r.deleted_at IS NULL;
    WHEN 'notice' THEN
        SELECT n.business_id, n.user_id, n.id, n.created_at INTO business_id, customer, booking, ends_at
          FROM notification_outbox n WHERE n.id = object_id;
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
    IF caller IS NOT NULL THEN
        own := coalesce(customer = caller, false);
        IF owner = caller THEN
            role := 'owner';
        ELSE
            SELECT a.role INTO role FROM staff_assignments a
             WHERE a.business_id = app_enter.business_id AND a.user_id = caller AND a.ended_at IS NULL;
        END IF;
    END IF;
    PERFORM set_config('app.scope', 'tenant', true), set_config('app.business_id', business_id::text, true);
END $$;
