-- Whether a webhook that reports an authorized or captured payment of this booking was received and is not applied yet.
-- The webhook inbox can be read in the platform's scope only, so the function changes to it for this one query. A
-- transaction in a business's scope learns nothing but the answer.
CREATE OR REPLACE FUNCTION app_has_unapplied_payment(booking uuid)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE was text := current_setting('app.scope', true); unapplied boolean;
BEGIN
    PERFORM set_config('app.scope', 'platform', true);
    SELECT EXISTS (
        SELECT 1 FROM payment_webhooks w JOIN booking_payments p ON p.id = w.payment_id
         WHERE p.booking_id = booking AND w.applied_at IS NULL
           AND w.event->'intent'->>'status' IN ('captured', 'authorized')) INTO unapplied;
    PERFORM set_config('app.scope', was, true);
    RETURN unapplied;
END $$;
