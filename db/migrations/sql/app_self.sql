-- The login that this transaction works for. NULL outside the scope `self`.
CREATE OR REPLACE FUNCTION app_self()
RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN current_setting('app.scope', true) = 'self'
                THEN NULLIF(current_setting('app.user_id', true), '')::uuid END $$;
