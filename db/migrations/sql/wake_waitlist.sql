-- Row trigger: a change of a business, its settings, services or resources may make time bookable.
CREATE OR REPLACE FUNCTION wake_waitlist() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'businesses' THEN
        PERFORM app_wake_waitlist(NEW.id);
    ELSE
        PERFORM app_wake_waitlist(NEW.business_id);
    END IF;
    RETURN NULL;
END $$;
