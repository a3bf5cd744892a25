-- Counts requests for the rate limits: the same count as the script of `providers.cache.redis`. `counts` is a ring of
-- 61 buckets, `newest` the number of the bucket that was written last. Rows are locked in the order of their names, so
-- that two requests never wait for each other.
CREATE OR REPLACE FUNCTION app_count(subjects text[], limits integer[], lengths bigint[], OUT counted integer[], OUT
    resets bigint[])
LANGUAGE plpgsql AS $$
DECLARE
    ring CONSTANT integer := 61;
    i integer; n integer; held rate_limits; at bigint; current bigint; bucket bigint; first bigint; remaining integer;
    allowed boolean := true;
BEGIN
    FOR i IN SELECT place FROM generate_subscripts(subjects, 1) place ORDER BY subjects[place] LOOP
        INSERT INTO rate_limits (subject, newest, counts, expires_at)
        VALUES (subjects[i], 0, array_fill(0, ARRAY[ring]),
                clock_timestamp() + make_interval(secs => lengths[i] * ring / 1000.0))
        ON CONFLICT (subject) DO UPDATE SET subject = excluded.subject;
    END LOOP;
    at := (extract(epoch FROM clock_timestamp()) * 1000)::bigint;
    FOR i IN 1 .. cardinality(subjects) LOOP
        SELECT * INTO held FROM rate_limits r WHERE r.subject = subjects[i];
        current := at / lengths[i];
        -- Only differences are looped over: a loop counts in 32 bits, and the number of a short bucket needs more.
        FOR n IN 0 .. least(current - held.newest, ring) - 1 LOOP
            held.counts[(current - n) % ring + 1] := 0;
        END LOOP;
        counted[i] := (SELECT sum(one) FROM unnest(held.counts) one);
        first := current;
        remaining := counted[i];
        FOR n IN 1 .. ring LOOP
            bucket := current - ring + n;
            IF held.counts[bucket % ring + 1] > 0 THEN
                first := bucket;
                remaining := remaining - held.counts[bucket % ring + 1];
                EXIT WHEN remaining < limits[i];
            END IF;
        END LOOP;
        resets[i] := (first + ring) * lengths[i] - at;
        allowed := allowed AND counted[i] < limits[i];
        UPDATE rate_limits r SET newest = greatest(held.newest, current), counts = held.counts
         WHERE r.subject = subjects[i];
    END LOOP;
    IF allowed THEN
        FOR i IN 1 .. cardinality(subjects) LOOP
            current := at / lengths[i];
            UPDATE rate_limits r
               SET counts[current % ring + 1] = r.counts[current % ring + 1] + 1,
                   expires_at = clock_timestamp() + make_interval(secs => lengths[i] * ring / 1000.0)
             WHERE r.subject = subjects[i];
        END LOOP;
    END IF;
    -- Every call deletes two expired rows: the table does not grow beyond what is in use.
    DELETE FROM rate_limits r WHERE r.subject IN (
        SELECT f.subject FROM rate_limits f WHERE f.expires_at < now() - interval '1 minute'
         ORDER BY f.expires_at LIMIT 2 FOR UPDATE SKIP LOCKED);
END $$;
