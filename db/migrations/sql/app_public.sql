-- Whether this transaction sees what everybody may see.
CREATE OR REPLACE FUNCTION app_public()
RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(current_setting('app.scope', true) = 'public', false) $$;
