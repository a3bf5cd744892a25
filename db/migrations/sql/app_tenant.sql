-- The business that this transaction works for. NULL outside the scope `tenant`: nothing is visible by default.
CREATE OR REPLACE FUNCTION app_tenant()
RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN current_setting('app.scope', true) = 'tenant'
                THEN NULLIF(current_setting('app.business_id', true), '')::uuid END $$;
