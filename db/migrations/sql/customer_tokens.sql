-- Pieces as the index of one business has them: numbers that another business's records do not have.
CREATE OR REPLACE FUNCTION customer_tokens(business uuid, pieces text[])
RETURNS bigint[] LANGUAGE sql IMMUTABLE COST 10000 PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(hashtextextended(piece, uuid_hash_extended(business, 0))), '{}')
      FROM unnest(pieces) piece $$;
