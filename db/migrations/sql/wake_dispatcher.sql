-- Trigger: wakes the outbox dispatcher when the transaction commits.
CREATE OR REPLACE FUNCTION wake_dispatcher()
RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_notify('outbox', ''); RETURN NULL; END $$;
