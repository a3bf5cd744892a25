-- The customers of the transaction's business that a search finds, the newest first. It runs as the owner of
-- `customer_search`, whose policy is always true for that role: under the policy of the application no index on the
-- tokens could be used, because their operator is not leak-proof. `needles` and `pieces` are those of
-- `domain.customers.search`.
--
-- Among the newest thousand it counts how common the search is. A common one goes on from the newest until the page is
-- full; the index of a rare one has few rows. Postgres cannot choose between the two: it takes the pieces of one word
-- for independent of each other. `docs/decisions/0023-search-for-customers.md` has the figures.
CREATE OR REPLACE FUNCTION app_find_customers(needles text[], pieces text[], tag text, after uuid, page integer)
RETURNS SETOF uuid LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    sample CONSTANT integer := CASE WHEN cardinality(needles) = 0 AND tag IS NULL THEN page ELSE 1000 END;
    common CONSTANT integer := 5;
    tenant uuid := app_tenant();
    tags bigint[] := customer_tokens(tenant, CASE WHEN tag IS NULL THEN '{}' ELSE ARRAY[chr(9) || tag] END);
    wanted bigint[] := customer_tokens(tenant, pieces) || tags;
    -- The tag is compared outside the index here: `= ANY` cannot use it.
    matches text := CASE WHEN tag IS NULL THEN 'true' ELSE '$2 = ANY(s.tokens)' END;
    newest text := 'SELECT * FROM customer_search n WHERE n.business_id = $1 AND n.id < $4 ORDER BY n.id DESC';
    found uuid[]; seen integer;
BEGIN
    after := coalesce(after, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
    FOR number IN 1 .. cardinality(needles) LOOP
        matches := matches || format(' AND position($3[%s] IN s.body) > 0', number);
    END LOOP;
    EXECUTE format('SELECT coalesce(array_agg(s.id ORDER BY s.id DESC) FILTER (WHERE %s), ''{}''), count(*)
                      FROM (%s LIMIT %s) s', matches, newest, sample) INTO found, seen USING tenant, tags[1], needles, after;
    IF cardinality(found) >= page OR seen < sample THEN
        RETURN QUERY SELECT one FROM unnest(found[:page]) one;
    ELSIF cardinality(found) >= common OR cardinality(wanted) = 0 THEN
        RETURN QUERY EXECUTE format('SELECT s.id FROM (%s) s WHERE %s LIMIT $5', newest, matches)
            USING tenant, tags[1], needles, after, page;
    ELSE
        RETURN QUERY EXECUTE format('WITH hit AS MATERIALIZED (SELECT s.id FROM customer_search s
                WHERE s.business_id = $1 AND s.tokens @> $6 AND s.id < $4 AND %s)
            SELECT hit.id FROM hit ORDER BY hit.id DESC LIMIT $5', matches)
            USING tenant, tags[1], needles, after, page, wanted;
    END IF;
END $$;
REVOKE ALL ON FUNCTION app_find_customers FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_find_customers TO omotenashi_app;
