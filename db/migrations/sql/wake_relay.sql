-- Trigger: wakes the outbox relay when the transaction commits.
CREATE OR REPLACE FUNCTION wake_relay()
RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_notify('outbox', ''); RETURN NULL; END $$;
