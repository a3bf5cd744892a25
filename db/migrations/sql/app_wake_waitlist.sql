-- Notifies the waitlist of a business that time may have been freed, if anybody waits there. Runs in the transaction of the
-- change, so the word is given if and only if the change is. Each row has an aggregate of its own: these words need no order.
CREATE OR REPLACE FUNCTION app_wake_waitlist(business uuid)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO outbox (business_id, event, aggregate, payload, command, request_id)
    SELECT business, 'waitlist.time_freed', 'waitlist/' || business || '/' || uuidv7(),
           jsonb_build_object('business_id', business), 'waitlist.wake',
           nullif(current_setting('app.request_id', true), '')
     WHERE EXISTS (SELECT FROM waitlist w WHERE w.business_id = business AND w.status = 'waiting');
$$;
