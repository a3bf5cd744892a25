-- The pieces of a record for the search index, as in `domain.customers.search`: pg_trgm ignores Japanese under the C
-- locale, and needs three characters, where a family name has two. A loop takes a fifth of the time of one statement.
CREATE OR REPLACE FUNCTION customer_pieces(form text)
RETURNS text[] LANGUAGE plpgsql IMMUTABLE COST 10000 PARALLEL SAFE AS $$
DECLARE
    letters text[] := string_to_array(form, NULL); pieces text[] := '{}';
    a text := letters[1]; b text := letters[2]; c text;
    a_ascii boolean := ascii(a) < 128; b_ascii boolean := ascii(b) < 128; c_ascii boolean;
BEGIN
    FOR place IN 1 .. coalesce(cardinality(letters), 0) LOOP
        c := letters[place + 2];
        c_ascii := ascii(c) < 128;
        IF NOT a_ascii THEN pieces := pieces || a; END IF;
        IF b <> ' ' THEN
            IF (a = ' ' AND b_ascii) OR (a <> ' ' AND NOT (a_ascii AND b_ascii)) THEN pieces := pieces || (a || b); END IF;
            IF c <> ' ' AND a_ascii AND b_ascii AND c_ascii THEN pieces := pieces || (a || b || c); END IF;
        END IF;
        a := b; b := c; a_ascii := b_ascii; b_ascii := c_ascii;
    END LOOP;
    RETURN pieces;
END $$;
