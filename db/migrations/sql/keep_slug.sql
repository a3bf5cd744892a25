-- Trigger: a slug stays reserved for the business that has it, and for good once it was public, so that an old URL
-- never leads to another business. A business that was never approved loses its former slug when it takes another one. No
-- status that can follow `approved` is in the list below, so the present status says whether it was ever approved.
CREATE OR REPLACE FUNCTION keep_slug()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO business_slugs AS known (slug, business_id) VALUES (NEW.slug, NEW.id)
    ON CONFLICT (slug) DO UPDATE SET updated_at = now() WHERE known.business_id = EXCLUDED.business_id;
    IF NOT FOUND THEN
        RAISE unique_violation USING CONSTRAINT = 'pk_business_slugs', MESSAGE = 'the slug was another business''s';
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.slug <> NEW.slug AND OLD.status IN ('draft', 'pending', 'rejected') THEN
        DELETE FROM business_slugs known WHERE known.slug = OLD.slug AND known.business_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
