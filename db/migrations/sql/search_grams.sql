-- Single characters and pairs of them, for the search index. pg_trgm ignores Japanese under the C locale, and needs
-- three characters. The high cost keeps the planner from computing this row by row.
CREATE OR REPLACE FUNCTION search_grams(form text)
RETURNS text[] LANGUAGE sql IMMUTABLE COST 10000 PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT piece), '{}')
      FROM (SELECT string_to_array(regexp_replace(form, '\s+', ' ', 'g'), NULL) AS one) letters,
           unnest(one, one[2:]) AS pair(first, second), LATERAL (VALUES (first), (first || second)) cut(piece)
     WHERE piece IS NOT NULL AND position(' ' IN piece) = 0 $$;
