-- Whether a webhook that reports money of this booking is still to be applied. The webhook inbox is the platform's; a
-- transaction in a business's scope learns only this one bit.
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
