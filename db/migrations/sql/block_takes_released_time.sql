-- Trigger: a claim that is released inside a block is taken by the block, so that nobody books time that the business
-- keeps free. A released claim of a block gives its time to another block that overlaps it.
CREATE OR REPLACE FUNCTION block_takes_released_time()
RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    block uuid;
BEGIN
    FOR block IN
        SELECT k.id FROM block_times t JOIN blocks k ON k.id = t.block_id
         WHERE t.business_id = OLD.business_id AND t.ends_at > OLD.starts_at AND t.starts_at < OLD.ends_at
           AND (k.resource_id IS NULL OR k.resource_id = OLD.resource_id)
         ORDER BY k.id
    LOOP
        PERFORM app_fill_block(block, OLD.resource_id, OLD.starts_at, OLD.ends_at);
    END LOOP;
    RETURN NULL;
END $$;
