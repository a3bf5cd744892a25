-- Trigger: gives a business a new catalogue version. It runs at the commit, so that the row of the version is the last
-- one that a transaction locks, and no two transactions wait for each other. The version is random: a number would come
-- again after a restore. Once in a transaction is enough.
CREATE OR REPLACE FUNCTION note_catalogue_change()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    was text := current_setting('app.scope', true);
    changed jsonb := to_jsonb(CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END);
    changed_id uuid := changed->>CASE WHEN TG_TABLE_NAME = 'businesses' THEN 'id' ELSE 'business_id' END;
BEGIN
    PERFORM set_config('app.scope', 'platform', true);
    INSERT INTO catalogue_versions AS v (business_id, version) VALUES (changed_id, gen_random_uuid())
    ON CONFLICT (business_id) DO UPDATE SET version = EXCLUDED.version WHERE v.xmin <> pg_current_xact_id()::xid;
    PERFORM set_config('app.scope', coalesce(was, ''), true);
    RETURN NULL;
END $$;
