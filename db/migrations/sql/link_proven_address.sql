-- For the trigger `link_customer`: a login that has proven its address is linked to the records of customers who have proven the same address
-- with a booking, one for each business. Nothing else links a login to a record that is there already: an address that
-- somebody typed proves nothing. A login that the business has taken off is not linked again.
CREATE OR REPLACE FUNCTION link_proven_address(login uuid, address text)
RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE was text := current_setting('app.scope', true);
BEGIN
    PERFORM set_config('app.scope', 'platform', true);
    UPDATE customers c SET user_id = login
      FROM (SELECT DISTINCT ON (x.business_id) x.id
              FROM customers x JOIN bookings b ON b.customer_id = x.id
             WHERE x.email_key = lower(address) AND x.user_id IS NULL AND x.deleted_at IS NULL
               AND x.unlinked_user_id IS DISTINCT FROM login
               AND b.email = address::citext AND b.contact_proven_at IS NOT NULL
               AND NOT EXISTS (SELECT FROM customers o WHERE o.business_id = x.business_id AND o.user_id = login
                                                         AND o.deleted_at IS NULL)
             ORDER BY x.business_id, x.id) found
     WHERE c.id = found.id AND c.user_id IS NULL AND c.deleted_at IS NULL;
    PERFORM set_config('app.scope', was, true);
END $$;
