-- The digits of a phone number as it is dialled in Japan: +81 90 and 090 are the same.
CREATE OR REPLACE FUNCTION customer_phone_digits(phone text)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT regexp_replace(regexp_replace(trim(public.search_form(phone)), '^\+81[^0-9]*0?[^0-9]*', '0'),
                          '[^0-9]', '', 'g') $$;
