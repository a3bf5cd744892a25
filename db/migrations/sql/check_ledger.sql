-- Refuses a transaction after which a payment and its ledger differ. Runs at the commit, once for each changed row.
-- It reads the rows in platform scope: a caller who sees a payment may not see all of its ledger. SQLSTATE OM409 becomes
-- the error "conflict" with the name of the broken rule; db/engine/session.py maps it.
CREATE OR REPLACE FUNCTION check_ledger()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    was text := current_setting('app.scope', true);
    payment uuid;
    broken text;
BEGIN
    IF TG_TABLE_NAME = 'booking_payments' THEN payment := NEW.id;
    ELSIF TG_OP = 'DELETE' THEN payment := OLD.payment_id;
    ELSE payment := NEW.payment_id;
    END IF;
    PERFORM set_config('app.scope', 'platform', true);
    SELECT CASE
           WHEN l.foreign_rows > 0 THEN 'ledger_of_another_payment'
           WHEN l.without_cause > 0 THEN 'movement_without_cause'
           WHEN p.captured <> l.captured THEN 'captured_differs'
           WHEN p.authorized <> l.authorized THEN 'authorized_differs'
           WHEN l.refunded > l.captured THEN 'refunded_above_paid'
           WHEN p.refunded <> l.refunded THEN 'refunded_differs'
           WHEN r.succeeded <> l.refunded THEN 'refunds_differ'
           WHEN p.status = 'voided' AND NOT l.voided THEN 'void_differs'
           END
      INTO broken
      FROM booking_payments p
     CROSS JOIN LATERAL (
        SELECT coalesce(sum(t.amount) FILTER (WHERE t.movement = 'capture' AND t.phase = 'succeeded'), 0) AS captured,
               coalesce(sum(t.amount) FILTER (WHERE t.movement = 'refund' AND t.phase = 'succeeded'), 0) AS refunded,
               -- A renewal authorizes the same money again.
               coalesce(max(t.amount) FILTER (WHERE t.movement = 'authorize' AND t.phase = 'succeeded'), 0)
                   AS authorized,
               coalesce(bool_or(t.movement = 'void' AND t.phase = 'succeeded' AND t.movement_id NOT LIKE '%:surplus'),
                        false) AS voided,
               count(*) FILTER (WHERE (t.business_id, t.currency) <> (p.business_id, p.currency)) AS foreign_rows,
               count(*) FILTER (WHERE NOT CASE t.movement
                    WHEN 'dispute' THEN t.movement_id LIKE p.id || ':dispute:%'
                    WHEN 'refund' THEN EXISTS (
                        SELECT FROM refunds c WHERE c.payment_id = p.id AND c.amount = t.amount
                           AND t.movement_id = p.id || ':refund:' || c.id)
                    ELSE t.phase = 'intended' OR t.movement_id LIKE p.id || ':' || t.movement || ':to-%' OR EXISTS (
                        SELECT FROM payment_transactions c WHERE c.movement_id = t.movement_id
                           AND c.phase = 'intended' AND c.payment_id = p.id AND c.movement = t.movement)
                    END) AS without_cause
          FROM payment_transactions t WHERE t.payment_id = p.id) l
     CROSS JOIN LATERAL (
        SELECT coalesce(sum(c.amount), 0) AS succeeded
          FROM refunds c WHERE c.payment_id = p.id AND c.status = 'succeeded') r
     WHERE p.id = payment;
    IF broken IS NOT NULL THEN
        RAISE EXCEPTION '%', broken USING ERRCODE = 'OM409', DETAIL = 'payment ' || payment;
    END IF;
    PERFORM set_config('app.scope', coalesce(was, ''), true);
    RETURN NULL;
END $$;
