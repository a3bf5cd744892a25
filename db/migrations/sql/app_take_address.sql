-- Gives an address that belongs to one login alone (a browser, a person on LINE) to the caller: the login that comes last
-- has it, also where two ask at the same time. Row-level security hides the former owner's row from the caller, so the
-- function looks for it. Whose it becomes is set by the transaction and is no argument; without a login nothing is done.
CREATE OR REPLACE FUNCTION app_take_address(its_channel text, its_address text, its_keys jsonb, at timestamptz)
RETURNS SETOF channel_addresses
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    was text := current_setting('app.scope', true);
    me uuid := app_self();
BEGIN
    IF me IS NULL THEN RETURN; END IF;
    PERFORM set_config('app.scope', 'platform', true);
    -- A new id: browsers are ordered by it, and the former owner's id opens nothing any more.
    RETURN QUERY INSERT INTO channel_addresses AS h (user_id, channel, address, keys, proven_at)
    VALUES (me, its_channel, its_address, its_keys, at)
    ON CONFLICT (channel, address) WHERE channel <> 'sms'
    DO UPDATE SET id = uuidv7(), user_id = me, keys = excluded.keys, proven_at = excluded.proven_at, created_at = now()
    RETURNING h.*;
    PERFORM set_config('app.scope', coalesce(was, ''), true);
END $$;
REVOKE ALL ON FUNCTION app_take_address FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_take_address TO omotenashi_app;
