-- An audit record without secrets. Columns are recognised by the end of their name, so that a new column is masked
-- too.
CREATE OR REPLACE FUNCTION audit_masked(kept jsonb)
RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_object_agg(key, CASE WHEN key LIKE ANY (ARRAY['%\_hash', '%\_secret', '%\_token',
                                                                        '%\_encrypted'])
                                               THEN '"***"'::jsonb ELSE value END), '{}'::jsonb)
      FROM jsonb_each(kept) $$;
