-- Trigger: a row for a record that was merged goes to the record that was kept. It waits for a merge of the record, and
-- a merge waits for it, so no row is left behind.
CREATE OR REPLACE FUNCTION follow_merge()
RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE other uuid;
BEGIN
    LOOP
        SELECT c.merged_into INTO other FROM customers c WHERE c.id = NEW.customer_id FOR KEY SHARE;
        EXIT WHEN other IS NULL;
        NEW.customer_id := other;
    END LOOP;
    RETURN NEW;
END $$;
