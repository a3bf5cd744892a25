-- Trigger: keeps `business_directory`, which holds what everybody may see of a business.
CREATE OR REPLACE FUNCTION list_in_directory()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.status <> 'approved' OR NEW.deleted_at IS NOT NULL THEN
        DELETE FROM business_directory d WHERE d.id = NEW.id;
        RETURN NULL;
    END IF;
    INSERT INTO business_directory AS d (id, vertical, prefecture, name_ja, name_en, body, latitude, longitude)
    VALUES (NEW.id, NEW.vertical, NEW.prefecture, search_form(coalesce(NEW.name->>'ja', NEW.name->>'en')),
            search_form(coalesce(NEW.name->>'en', NEW.name->>'ja')),
            search_form(concat_ws(' ', NEW.name->>'ja', NEW.name->>'en',
                -- 東京都 contains 京都: the ending is cut off here, and in the text of a search, too.
                regexp_replace(NEW.prefecture, '[都府県]$', ''), NEW.city, NEW.address->>'ja',
                NEW.address->>'en', left(NEW.description->>'ja', 500), left(NEW.description->>'en', 500))),
            NEW.latitude, NEW.longitude)
    ON CONFLICT (id) DO UPDATE SET
        (vertical, prefecture, name_ja, name_en, body, latitude, longitude) = (EXCLUDED.vertical, EXCLUDED.prefecture,
         EXCLUDED.name_ja, EXCLUDED.name_en, EXCLUDED.body, EXCLUDED.latitude, EXCLUDED.longitude);
    RETURN NULL;
END $$;
