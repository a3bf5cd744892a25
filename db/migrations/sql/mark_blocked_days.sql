-- Trigger: figures of ended business days are computed again when an occurrence of a block on them appears or goes. Hours
-- past midnight belong to the day before, so that day is marked too.
CREATE OR REPLACE FUNCTION mark_blocked_days()
RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    changed block_times := coalesce(NEW, OLD);
BEGIN
    INSERT INTO analytics_stale_days (business_id, day)
    SELECT b.id, d::date
      FROM businesses b
      CROSS JOIN LATERAL generate_series(
          (changed.starts_at AT TIME ZONE b.time_zone)::date - 1,
          least((changed.ends_at AT TIME ZONE b.time_zone)::date, (now() AT TIME ZONE b.time_zone)::date - 1),
          interval '1 day') AS d
     WHERE b.id = changed.business_id
    ON CONFLICT (business_id, day) DO UPDATE SET marked = uuidv7();
    RETURN NULL;
END $$;
