-- Takes for a block what no live claim has: on each unit of its resource, or of every resource of the business, in all
-- of its times that end after ``since`` and start before ``until``. ``of_resource``: only there; null for all.
CREATE OR REPLACE FUNCTION app_fill_block(block uuid, of_resource uuid, since timestamptz, until timestamptz)
RETURNS void LANGUAGE sql SET search_path = public, pg_temp AS $$
    INSERT INTO resource_claims (business_id, block_id, resource_id, unit, starts_at, ends_at)
    SELECT k.business_id, k.id, r.id, u.unit, lower(free.during), upper(free.during)
      FROM blocks k
      JOIN block_times t ON t.block_id = k.id AND t.ends_at > since AND t.starts_at < until
      JOIN resources r ON r.business_id = k.business_id AND r.is_active AND r.deleted_at IS NULL
       AND (k.resource_id IS NULL OR r.id = k.resource_id) AND (of_resource IS NULL OR r.id = of_resource)
     CROSS JOIN generate_series(0, r.capacity - 1) AS u(unit)
     CROSS JOIN LATERAL unnest(
        tstzmultirange(tstzrange(t.starts_at, t.ends_at)) - coalesce(
            (SELECT range_agg(c.during) FROM resource_claims c
              WHERE c.resource_id = r.id AND c.unit = u.unit AND c.released_at IS NULL
                AND c.ends_at > t.starts_at AND c.starts_at < t.ends_at), '{}')) AS free(during)
     WHERE k.id = block
     ORDER BY r.id, u.unit, t.starts_at
    ON CONFLICT DO NOTHING
$$;
REVOKE ALL ON FUNCTION app_fill_block FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_fill_block TO omotenashi_app;
