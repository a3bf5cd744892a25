-- One account at a payment provider, its secrets sealed, from any scope and in one round trip: each webhook at the address
-- of an account and each call to its provider reads it.
CREATE OR REPLACE FUNCTION app_payment_account(account uuid)
RETURNS SETOF payment_accounts LANGUAGE plpgsql AS $$
DECLARE was text := current_setting('app.scope', true);
BEGIN
    PERFORM set_config('app.scope', 'platform', true);
    RETURN QUERY SELECT * FROM payment_accounts a WHERE a.id = account;
    PERFORM set_config('app.scope', coalesce(was, ''), true);
END $$;
