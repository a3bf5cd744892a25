-- Trigger: writes what changed in a row into the audit log, with the actor of the transaction.
CREATE OR REPLACE FUNCTION audit_change()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    old_row jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    new_row jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
    whole jsonb := coalesce(new_row, old_row);
    was jsonb; becomes jsonb;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT jsonb_object_agg(o.key, o.value), jsonb_object_agg(o.key, n.value) INTO was, becomes
          FROM jsonb_each(old_row) o JOIN jsonb_each(new_row) n USING (key)
         WHERE o.value IS DISTINCT FROM n.value AND o.key <> 'updated_at';
        IF was IS NULL THEN RETURN NULL; END IF;
        was := audit_masked(was); becomes := audit_masked(becomes);
    ELSIF TG_OP = 'INSERT' THEN becomes := audit_masked(jsonb_strip_nulls(new_row));
    ELSE was := audit_masked(jsonb_strip_nulls(old_row));
    END IF;
    INSERT INTO audit_logs (business_id, entity, entity_id, action, before, after,
                            actor_kind, actor_id, request_id, ip, user_agent)
    VALUES ((CASE WHEN TG_TABLE_NAME = 'businesses' THEN whole->>'id' ELSE whole->>'business_id' END)::uuid,
            TG_TABLE_NAME, coalesce(whole->>'id', whole->>'business_id'), lower(TG_OP), was, becomes,
            NULLIF(current_setting('app.actor_kind', true), ''),
            NULLIF(current_setting('app.actor_id', true), '')::uuid,
            NULLIF(current_setting('app.request_id', true), ''),
            NULLIF(current_setting('app.ip', true), '')::inet,
            NULLIF(current_setting('app.user_agent', true), ''));
    RETURN NULL;
END $$;
