-- Makes the partitions of this month and of the next `months` months. Rows that came before their month had a
-- partition are moved out of the default one.
CREATE OR REPLACE FUNCTION ensure_audit_partitions(months integer)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE first date; low timestamptz; high timestamptz; name text;
BEGIN
    FOR i IN 0..months LOOP
        first := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => i))::date;
        low := first::timestamp AT TIME ZONE 'UTC';
        high := (first + interval '1 month') AT TIME ZONE 'UTC';
        name := 'audit_logs_' || to_char(first, 'YYYY_MM');
        IF to_regclass(name) IS NULL THEN
            EXECUTE format('CREATE TABLE %I (LIKE audit_logs INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
            -- Rows that came before their month had a partition. The policies bind the owner, too.
            ALTER TABLE audit_logs_default NO FORCE ROW LEVEL SECURITY;
            EXECUTE format('WITH moved AS (DELETE FROM audit_logs_default WHERE at >= %L AND at < %L RETURNING *)
                            INSERT INTO %I SELECT * FROM moved', low, high, name);
            ALTER TABLE audit_logs_default FORCE ROW LEVEL SECURITY;
            EXECUTE format('ALTER TABLE audit_logs ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, low, high);
            EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
            EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        END IF;
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION ensure_audit_partitions FROM PUBLIC;
