-- Trigger: figures of all computed business days are computed again when the business has another time zone, because a
-- booking may belong to the day before or after.
CREATE OR REPLACE FUNCTION mark_zone_days()
RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO analytics_stale_days (business_id, day)
    SELECT DISTINCT NEW.id, a.day + n
      FROM analytics_daily a CROSS JOIN generate_series(-1, 1) AS n
     WHERE a.business_id = NEW.id AND a.day + n < (now() AT TIME ZONE NEW.time_zone)::date
    ON CONFLICT (business_id, day) DO UPDATE SET marked = uuidv7();
    RETURN NULL;
END $$;
