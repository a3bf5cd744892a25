-- Queues a notification for the waitlist of a business: time may be free now. Nothing is queued if nobody waits there. The
-- outbox row is written in the transaction of the change, so both are committed or neither is. Each row has an aggregate
-- of its own, because these notifications need no order.
CREATE OR REPLACE FUNCTION app_wake_waitlist(business uuid)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO outbox (business_id, event, aggregate, payload, command, request_id)
    SELECT business, 'waitlist.time_freed', 'waitlist/' || business || '/' || uuidv7(),
           jsonb_build_object('business_id', business), 'waitlist.wake',
           nullif(current_setting('app.request_id', true), '')
     WHERE EXISTS (SELECT FROM waitlist w WHERE w.business_id = business AND w.status = 'waiting');
$$;
