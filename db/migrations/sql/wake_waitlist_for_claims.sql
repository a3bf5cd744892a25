-- Statement trigger: claims that this statement released are free time, whatever the cause.
CREATE OR REPLACE FUNCTION wake_waitlist_for_claims() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM app_wake_waitlist(freed.business_id)
       FROM (SELECT DISTINCT n.business_id FROM released n JOIN earlier o ON o.id = n.id
              WHERE n.released_at IS NOT NULL AND o.released_at IS NULL) freed;
    RETURN NULL;
END $$;
