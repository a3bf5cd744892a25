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
        SELECT a.id, a.at, true AS mask FROM audit_logs a WHERE a.entity = 'users' AND a.entity_id = person::text
        UNION ALL SELECT a.id, a.at, true FROM audit_logs a
               WHERE a.entity = 'customers' AND a.entity_id = ANY (customers::text[])
        UNION ALL SELECT a.id, a.at, true FROM audit_logs a
               WHERE a.entity = 'customer_notes' AND a.entity_id IN (
                     SELECT n.entity_id FROM audit_logs n WHERE n.entity = 'customer_notes'
                        AND coalesce(n.before, n.after)->>'customer_id' = ANY (customers::text[]))
        UNION ALL SELECT a.id, a.at, true FROM audit_logs a
               WHERE a.entity = 'bookings' AND a.entity_id = ANY (bookings::text[])
        UNION ALL SELECT a.id, a.at, true FROM audit_logs a
               WHERE a.entity = 'staff_invitations' AND mail IN (lower(a.before->>'email'), lower(a.after->>'email'))
        -- The bookable person that they were: its name is theirs.
        UNION ALL SELECT a.id, a.at, true FROM audit_logs a
               WHERE a.entity = 'resources'
                 AND a.entity_id IN (SELECT s.resource_id::text FROM staff_assignments s WHERE s.user_id = person)
        UNION ALL SELECT a.id, a.at, a.entity IN ('users', 'customers', 'bookings', 'staff_invitations')
                    FROM audit_logs a WHERE a.actor_id = person),
    rows AS (SELECT about.id, about.at, bool_or(about.mask) AS mask FROM about GROUP BY about.id, about.at)
    UPDATE audit_logs a SET
        before = CASE WHEN rows.mask THEN audit_erased(a.before) ELSE a.before END,
        after = CASE WHEN rows.mask THEN audit_erased(a.after) ELSE a.after END,
        ip = CASE WHEN a.actor_id = person OR a.actor_kind IN ('guest', 'customer') THEN NULL ELSE a.ip END,
        user_agent = CASE WHEN a.actor_id = person OR a.actor_kind IN ('guest', 'customer') THEN NULL
                          ELSE a.user_agent END
      FROM rows WHERE a.id = rows.id AND a.at = rows.at;
    GET DIAGNOSTICS audit = ROW_COUNT;
    UPDATE booking_history h SET reason = NULL
     WHERE h.booking_id = ANY (bookings) AND h.reason IS NOT NULL
       AND h.actor_kind IN ('customer', 'guest', 'staff', 'admin');
    GET DIAGNOSTICS history = ROW_COUNT;
END $$;
REVOKE ALL ON FUNCTION app_erase_trail FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_erase_trail TO omotenashi_app;
