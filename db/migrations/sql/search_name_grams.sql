-- The grams of both names of a business, for the search index.
CREATE OR REPLACE FUNCTION search_name_grams(ja text, en text)
RETURNS text[] LANGUAGE sql IMMUTABLE COST 10000 PARALLEL SAFE AS $$
    SELECT public.search_grams(ja || ' ' || en) $$;
