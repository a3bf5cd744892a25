-- Takes in a provider's event about a payment that is known by its intent: stores it, and the outbox row that delivers it
-- to its run. In one call, because a provider waits for the answer. `fresh`: whether it was new; null: nothing was
-- written, and `WebhookStore.receive` looks further (an unknown intent, which may be for a person). The rules are its
-- own: an event is about payments at the account that verified it, or at another account of the same business if it names
-- no other payment (two accounts may have equal ids); one about a refund that we requested is for the run of the refund.
CREATE OR REPLACE FUNCTION app_receive_event(
    asked_provider text, asked_event text, kind text, intent text, body text, said_at timestamptz, account uuid,
    is_refund boolean, refund uuid, provider_refund text, request text, trace text, OUT fresh boolean)
LANGUAGE plpgsql AS $$
DECLARE
    was text := current_setting('app.scope', true);
    payment record;
    stored uuid;
    own uuid;
    about jsonb;
BEGIN
    PERFORM set_config('app.scope', 'platform', true), set_config('app.trace_context', coalesce(trace, ''), true);
    SELECT p.id, p.booking_id, p.business_id INTO payment FROM booking_payments p
     WHERE p.provider = asked_provider AND p.provider_intent_id = intent
       AND (p.account_id IS NOT DISTINCT FROM account OR (EXISTS (
            SELECT FROM payment_accounts heard JOIN payment_accounts paid USING (business_id, provider)
             WHERE heard.id = account AND paid.id = p.account_id)
            AND coalesce(body::jsonb->'intent'->>'payment_id', p.id::text) = p.id::text))
     ORDER BY p.account_id IS NOT DISTINCT FROM account DESC LIMIT 1;
    IF FOUND THEN
        INSERT INTO payment_webhooks (provider, event_id, event_type, intent_id, payment_id, event, event_created_at,
                                      account_id)
        VALUES (asked_provider, asked_event, kind, intent, payment.id, body::jsonb, said_at, account)
        ON CONFLICT (provider, event_id, account_id) DO NOTHING RETURNING id INTO stored;
        fresh := stored IS NOT NULL;
    END IF;
    IF fresh AND is_refund THEN
        SELECT r.id INTO own FROM refunds r
         WHERE r.payment_id = payment.id AND (r.id = refund OR r.provider_refund_id = provider_refund)
           AND r.reason <> 'provider'
         ORDER BY r.id = refund DESC NULLS LAST LIMIT 1;
    END IF;
    IF fresh THEN
        about := jsonb_build_object('booking_id', payment.booking_id, 'business_id', payment.business_id,
                                    'webhook_id', stored);
        INSERT INTO outbox (business_id, event, aggregate, payload, command, request_id)
        SELECT payment.business_id, 'payment.event', 'booking/' || payment.booking_id, about,
               'booking.payment_event', request WHERE own IS NULL
        UNION ALL
        SELECT payment.business_id, 'payment.event', 'refund/' || own, about || jsonb_build_object('refund_id', own),
               'refund.event', request WHERE own IS NOT NULL;
    END IF;
    PERFORM set_config('app.scope', coalesce(was, ''), true);
END $$;
