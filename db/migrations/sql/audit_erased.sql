-- An audit record without personal data: names of columns stay, their values go.
CREATE OR REPLACE FUNCTION audit_erased(kept jsonb)
RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_object_agg(key, CASE
               WHEN key ~ '^(email|email_key|address|phone|phone_.*|name|resource_name|family_name.*|given_name.*|birth.*|special_requests|internal_notes|notes?|text|body|tags|preferences|reason|ip|user_agent|device)$'
                    AND value <> 'null'::jsonb THEN '"***"'::jsonb
               ELSE value END) FROM jsonb_each(kept) $$;
