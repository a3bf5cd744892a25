"""The invariant of customers, for the audit."""

from sqlalchemy import text

#: What the trigger on bookings counts, against a recount of them.
TOTALS = text("""
    WITH page AS (SELECT c.id, c.business_id FROM customers c WHERE c.id > :after AND c.id <= :last),
    kept AS (
        SELECT t.customer_id, t.currency, t.visits, t.no_shows, t.spent FROM customer_totals t
         WHERE t.customer_id > :after AND t.customer_id <= :last AND (t.visits, t.no_shows, t.spent) <> (0, 0, 0)),
    recount AS (
        SELECT b.customer_id, b.currency, count(*) FILTER (WHERE b.status = 'completed') AS visits,
               count(*) FILTER (WHERE b.status = 'no_show') AS no_shows,
               coalesce(sum(b.price) FILTER (WHERE b.status = 'completed'), 0) AS spent
          FROM bookings b
         WHERE b.customer_id > :after AND b.customer_id <= :last AND b.status IN ('completed', 'no_show')
         GROUP BY b.customer_id, b.currency)
    SELECT 'totals_and_recount_differ' AS kind,
           jsonb_build_object('customer_id', p.id, 'business_id', p.business_id) AS ids,
           jsonb_build_object('currency', coalesce(k.currency, r.currency), 'kept', coalesce(k.visits, 0),
                              'recount', coalesce(r.visits, 0), 'spent', coalesce(k.spent, 0),
                              'spent_recount', coalesce(r.spent, 0)) AS facts
      FROM kept k FULL JOIN recount r USING (customer_id, currency) JOIN page p ON p.id = customer_id
     WHERE (k.visits, k.no_shows, k.spent) IS DISTINCT FROM (r.visits, r.no_shows, r.spent)
""")
