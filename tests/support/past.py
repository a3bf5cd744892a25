"""What a payment of a test has behind it: the movements and refunds that led to its totals. The database refuses a
payment without them."""

#: The reason of these rows; `Desk.ledger` leaves them out.
PAST = "before the test"

PAST_REFUNDS = """
    INSERT INTO refunds (business_id, payment_id, booking_id, status, amount, currency, reason, command_id)
    SELECT business_id, id, booking_id, 'succeeded', refunded, currency, 'provider', 'past'
      FROM booking_payments WHERE id = ANY(:ids) AND refunded > 0
"""
PAST_MOVEMENTS = """
    INSERT INTO payment_transactions (business_id, payment_id, movement_id, movement, phase, amount, currency, reason)
    SELECT p.business_id, p.id, p.id || ':' || m.movement || ':' || m.name, m.movement, 'succeeded', m.amount,
           p.currency, :past
      FROM booking_payments p CROSS JOIN LATERAL (
           VALUES ('authorize', 'to-' || authorized, authorized, authorized > 0),
                  ('capture', 'to-' || captured, captured, captured > 0),
                  ('void', 'to-0', 0, status = 'voided'),
                  ('refund', (SELECT r.id::text FROM refunds r WHERE r.payment_id = p.id), refunded, refunded > 0)
           ) m (movement, name, amount, happened)
     WHERE p.id = ANY(:ids) AND m.happened
"""
