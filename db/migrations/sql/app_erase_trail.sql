-- Removes personal data from append-only tables, and nothing else: who did what, when and to which row stays. Only for
-- a person who asked for an erasure, and only in the platform's scope; the policies bind the owner, too.
CREATE OR REPLACE FUNCTION app_erase_trail(erasure uuid, customers uuid[], bookings uuid[], OUT audit bigint, OUT
    history bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE person uuid; mail text;
BEGIN
    SELECT e.user_id, lower(e.address::text) INTO person, mail FROM erasures e
     WHERE e.id = erasure AND e.completed_at IS NULL;
    IF person IS NULL THEN
        RAISE EXCEPTION 'no open erasure' USING ERRCODE = 'insufficient_privilege';
    END IF;
    WITH about AS (
        SELECT a.id, a.at FROM audit_logs a WHERE a.entity = 'users' AND a.entity_id = person::text
        UNION SELECT a.id, a.at FROM audit_logs a
               WHERE a.entity = 'customers' AND a.entity_id = ANY (customers::text[])
        UNION SELECT a.id, a.at FROM audit_logs a
               WHERE a.entity = 'bookings' AND a.entity_id = ANY (bookings::text[])
        UNION SELECT a.id, a.at FROM audit_logs a
               WHERE a.entity = 'staff_invitations' AND mail IN (lower(a.before->>'email'), lower(a.after->>'email'))
        UNION SELECT a.id, a.at FROM audit_logs a WHERE a.actor_id = person)
    UPDATE audit_logs a SET
        before = CASE WHEN a.actor_id = person
                           AND a.entity NOT IN ('users', 'customers', 'bookings', 'staff_invitations') THEN a.before
                      ELSE audit_erased(a.before) END,
        after = CASE WHEN a.actor_id = person
                          AND a.entity NOT IN ('users', 'customers', 'bookings', 'staff_invitations') THEN a.after
                     ELSE audit_erased(a.after) END,
        ip = CASE WHEN a.actor_id = person OR a.actor_kind IN ('guest', 'customer') THEN NULL ELSE a.ip END,
        user_agent = CASE WHEN a.actor_id = person OR a.actor_kind IN ('guest', 'customer') THEN NULL
                          ELSE a.user_agent END
      FROM about WHERE a.id = about.id AND a.at = about.at;
    GET DIAGNOSTICS audit = ROW_COUNT;
    UPDATE booking_history h SET reason = NULL
     WHERE h.booking_id = ANY (bookings) AND h.reason IS NOT NULL
       AND h.actor_kind IN ('customer', 'guest', 'staff', 'admin');
    GET DIAGNOSTICS history = ROW_COUNT;
END $$;
REVOKE ALL ON FUNCTION app_erase_trail FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_erase_trail TO omotenashi_app;
