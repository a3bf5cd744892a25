-- Trigger: keeps `customer_totals` in the transaction that completes a booking, marks a no-show, or undoes either.
CREATE OR REPLACE FUNCTION count_visit()
RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.status IN ('completed', 'no_show') THEN
        UPDATE customer_totals t SET visits = t.visits - (OLD.status = 'completed')::int,
               no_shows = t.no_shows - (OLD.status = 'no_show')::int,
               spent = t.spent - CASE WHEN OLD.status = 'completed' THEN OLD.price ELSE 0 END
         WHERE t.customer_id = OLD.customer_id AND t.currency = OLD.currency;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.status IN ('completed', 'no_show') THEN
        INSERT INTO customer_totals AS t (business_id, customer_id, currency, visits, no_shows, spent)
        VALUES (NEW.business_id, NEW.customer_id, NEW.currency, (NEW.status = 'completed')::int,
                (NEW.status = 'no_show')::int, CASE WHEN NEW.status = 'completed' THEN NEW.price ELSE 0 END)
        ON CONFLICT (customer_id, currency) DO UPDATE SET visits = t.visits + EXCLUDED.visits,
               no_shows = t.no_shows + EXCLUDED.no_shows, spent = t.spent + EXCLUDED.spent;
    END IF;
    RETURN NULL;
END $$;
