-- Trigger: keeps `customer_search`, in which customers are found.
CREATE OR REPLACE FUNCTION list_customer()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE form text;
BEGIN
    IF NEW.deleted_at IS NOT NULL THEN
        DELETE FROM customer_search s WHERE s.id = NEW.id;
        RETURN NULL;
    END IF;
    form := customer_search_body(NEW.family_name, NEW.given_name, NEW.family_name_kana, NEW.given_name_kana, NEW.phone,
                                 NEW.email::text);
    INSERT INTO customer_search AS s (id, business_id, body, tokens)
    VALUES (NEW.id, NEW.business_id, form, customer_tokens(NEW.business_id,
            customer_pieces(form) || ARRAY(SELECT chr(9) || tag FROM unnest(NEW.tags) tag)))
    ON CONFLICT (id) DO UPDATE SET (body, tokens) = (EXCLUDED.body, EXCLUDED.tokens);
    RETURN NULL;
END $$;
