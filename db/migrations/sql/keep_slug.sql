-- Trigger: a slug that a business had stays reserved for it, so that an old address never leads to another business.
CREATE OR REPLACE FUNCTION keep_slug()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO business_slugs AS known (slug, business_id) VALUES (NEW.slug, NEW.id)
    ON CONFLICT (slug) DO UPDATE SET updated_at = now() WHERE known.business_id = EXCLUDED.business_id;
    IF NOT FOUND THEN
        RAISE unique_violation USING CONSTRAINT = 'pk_business_slugs', MESSAGE = 'the slug was another business''s';
    END IF;
    RETURN NULL;
END $$;
