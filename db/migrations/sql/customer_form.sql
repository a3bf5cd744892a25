-- The form in which names of people are compared, as in `domain.customers.search`: each kanji in its common form,
-- no invisible characters, words parted by single blanks.
CREATE OR REPLACE FUNCTION customer_form(words text)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT trim(regexp_replace(regexp_replace(
        translate(public.search_form(words), '髙﨑濵濱邊邉齋齊澤廣德瀨冨嶋嶌國櫻眞惠榮學龍條淺槇𠮷',
                                             '高崎浜浜辺辺斎斉沢広徳瀬富島島国桜真恵栄学竜条浅槙吉'),
        '[\u200B-\u200D\u2060\uFE00-\uFE0F\uFEFF\U000E0100-\U000E01EF]', '', 'g'), '[\s・=]+', ' ', 'g')) $$;
