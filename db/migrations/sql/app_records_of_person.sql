-- Which customer records and bookings belong to a person: those of the login, and those that carry its e-mail address,
-- if the address was verified. Anybody can type an address: a visit that is still ahead belongs to the person only if its
-- address was confirmed for it. Records that the business merged are one person's, except the record of another login.
-- The check before an erasure, the export and the erasure itself all use this function. It reads across businesses, so it
-- answers the platform and the person only.
CREATE OR REPLACE FUNCTION app_records_of_person(person uuid, OUT records uuid[], OUT visits uuid[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE was text := current_setting('app.scope', true);
BEGIN
    IF was IS DISTINCT FROM 'platform' AND current_setting('app.user_id', true) IS DISTINCT FROM person::text THEN
        RAISE EXCEPTION 'another person''s bookings' USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM set_config('app.scope', 'platform', true);
    WITH RECURSIVE own AS (
        SELECT c.id FROM customers c JOIN users u ON u.id = person
         WHERE c.user_id = u.id
            OR (c.user_id IS NULL AND u.email_verified_at IS NOT NULL AND c.email_key = lower(u.email::text)
                AND NOT EXISTS (SELECT FROM bookings b WHERE b.customer_id = c.id AND b.contact_proven_at IS NULL
                                   AND b.status IN ('pending', 'confirmed', 'checked_in') AND b.end_at > now()))
        UNION SELECT n.id FROM own JOIN customers c ON c.id = own.id
                JOIN customers n ON n.merged_into = c.id
                                 OR (n.id = c.merged_into AND (n.user_id IS NULL OR n.user_id = person)))
    SELECT coalesce(array_agg(own.id), '{}') INTO records FROM own;
    SELECT coalesce(array_agg(b.id), '{}') INTO visits FROM bookings b
     WHERE b.user_id = person OR b.customer_id = ANY (records);
    PERFORM set_config('app.scope', coalesce(was, ''), true);
END $$;
REVOKE ALL ON FUNCTION app_records_of_person FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_records_of_person TO omotenashi_app;
