-- Trigger: a resource that is new, active again or has more units is blocked where its business is.
CREATE OR REPLACE FUNCTION block_takes_new_units()
RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    block uuid;
BEGIN
    FOR block IN
        SELECT DISTINCT k.id FROM block_times t JOIN blocks k ON k.id = t.block_id
         WHERE t.business_id = NEW.business_id AND t.ends_at > now()
           AND (k.resource_id IS NULL OR k.resource_id = NEW.id)
         ORDER BY k.id
    LOOP
        PERFORM app_fill_block(block, NEW.id, now(), 'infinity');
    END LOOP;
    RETURN NULL;
END $$;
