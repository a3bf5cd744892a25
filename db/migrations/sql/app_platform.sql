-- Whether this transaction may see every business.
CREATE OR REPLACE FUNCTION app_platform()
RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(current_setting('app.scope', true) = 'platform', false) $$;
