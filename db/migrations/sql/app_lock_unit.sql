-- Takes the locks of a unit for the hours that a claim touches, without waiting, until the end of the transaction. False
-- if another transaction has one of them. They only say who is about to claim: the exclusion constraint decides, and
-- claims of more than two days lock their first two.
CREATE OR REPLACE FUNCTION app_lock_unit(of_resource uuid, unit smallint, starts timestamptz, ends timestamptz)
RETURNS boolean LANGUAGE sql VOLATILE SET search_path = public, pg_temp AS $$
    SELECT coalesce(bool_and(pg_try_advisory_xact_lock(hashtextextended(of_resource || ' ' || unit || ' ' || hour, 9))),
                    true)
      FROM generate_series(
        CAST(floor(extract(epoch FROM starts) / 3600) AS bigint),
        CAST(least(ceil(extract(epoch FROM ends) / 3600) - 1, floor(extract(epoch FROM starts) / 3600) + 47) AS bigint)
      ) AS hour
$$;
REVOKE ALL ON FUNCTION app_lock_unit FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_lock_unit TO omotenashi_app;
