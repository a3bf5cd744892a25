-- Trigger: links a login to records of customers (`link_proven_address`) when the login or a booking proves its address.
CREATE OR REPLACE FUNCTION link_customer()
RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE login uuid; was text;
BEGIN
    IF TG_TABLE_NAME = 'users' THEN
        PERFORM link_proven_address(NEW.id, NEW.email::text);
        RETURN NULL;
    END IF;
    was := current_setting('app.scope', true);
    PERFORM set_config('app.scope', 'platform', true);
    SELECT u.id INTO login FROM users u
     WHERE u.email = NEW.email AND u.email_verified_at IS NOT NULL AND u.deleted_at IS NULL;
    PERFORM set_config('app.scope', was, true);
    IF login IS NOT NULL THEN
        PERFORM link_proven_address(login, NEW.email::text);
    END IF;
    RETURN NULL;
END $$;
