-- The first candidate that no live claim overlaps and nobody else is about to claim; its units are locked for the caller.
-- Rows with the same ``places`` are the claims of one candidate. ``place`` is null if there is none; ``busy`` is the first
-- that another transaction is about to claim, which may still give it back. Never waits.
CREATE OR REPLACE FUNCTION app_first_free(
    places integer[], resource_ids uuid[], units smallint[], starts timestamptz[], ends timestamptz[], at timestamptz,
    OUT place integer, OUT busy integer)
LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
DECLARE
    wanted integer;
    is_locked boolean;
BEGIN
    FOR wanted IN SELECT DISTINCT p FROM unnest(places) AS p ORDER BY p LOOP
        is_locked := true;
        -- Two rounds: what is taken needs no lock, and who had the lock may have committed before it was ours.
        BEGIN
            FOR round IN 1..2 LOOP
                IF EXISTS (
                    SELECT FROM unnest(places, resource_ids, units, starts, ends)
                             AS x(place, resource_id, unit, starts_at, ends_at)
                      JOIN resource_claims c
                        ON c.resource_id = x.resource_id AND c.unit = x.unit
                       AND c.starts_at < x.ends_at AND c.ends_at > x.starts_at
                     WHERE x.place = wanted AND c.released_at IS NULL AND (c.holds_until IS NULL OR c.holds_until > at))
                THEN
                    RAISE EXCEPTION USING ERRCODE = 'OC001', MESSAGE = 'taken';
                END IF;
                IF round = 1 THEN
                    is_locked := (
                        SELECT bool_and(app_lock_unit(x.resource_id, x.unit, x.starts_at, x.ends_at))
                          FROM unnest(places, resource_ids, units, starts, ends)
                            AS x(place, resource_id, unit, starts_at, ends_at)
                         WHERE x.place = wanted);
                    IF NOT is_locked THEN
                        RAISE EXCEPTION USING ERRCODE = 'OC001', MESSAGE = 'busy';
                    END IF;
                END IF;
            END LOOP;
            place := wanted;
            RETURN;
        EXCEPTION WHEN SQLSTATE 'OC001' THEN
            -- The locks of this candidate are gone with the block.
            IF NOT is_locked THEN
                busy := coalesce(busy, wanted);
            END IF;
        END;
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION app_first_free FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_first_free TO omotenashi_app;
