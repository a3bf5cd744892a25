-- The text in which a customer is found. Japanese names stand together, so that 山田花子, 山田 and 花子 are all in it;
-- Latin ones stand apart, because short words are found by their beginning.
CREATE OR REPLACE FUNCTION customer_search_body(family text, given text, family_kana text, given_kana text, phone text,
    email text)
RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE f text := customer_form(family); g text := customer_form(given);
BEGIN
    RETURN ' ' || concat_ws(' ', NULLIF(CASE WHEN ascii(f) < 128 OR ascii(g) < 128 THEN f || ' ' || g ELSE f || g END, ' '),
                            customer_form(concat(family_kana, given_kana)), customer_phone_digits(phone),
                            search_form(email));
END $$;
