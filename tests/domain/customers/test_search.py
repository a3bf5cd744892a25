"""What a search for customers looks for, whatever way it is typed in."""

import pytest

from domain.customers.profile import normal_tags, read_kana
from domain.customers.search import customer_form, phone_digits, pieces_of, read_search
from domain.errors import InvalidInput


@pytest.mark.parametrize("typed", ["ｶﾅ", "カナ", "かな", " ｶﾅ　"])
def test_customer_form_is_one_for_every_width_and_kana(typed: str) -> None:
    assert customer_form(typed) == "かな"


@pytest.mark.parametrize(
    ("typed", "form"),
    [
        ("ｶﾞｷﾞｸﾞ", "がぎぐ"),
        ("ＹＡＭＡＤＡ", "yamada"),
        ("髙橋", "高橋"),
        ("山﨑", "山崎"),
        ("𠮷田", "吉田"),
        ("葛\U000e0101城", "葛城"),
        ("ジョン・スミス", "じょん すみす"),
        ("山\u200b田", "山田"),
    ],
)
def test_customer_form_of_names_that_look_alike(typed: str, form: str) -> None:
    assert customer_form(typed) == form


@pytest.mark.parametrize(
    "typed",
    [
        *("09012345678", "090-1234-5678", "０９０ー１２３４ー５６７８", "+81 90-1234-5678", "+819012345678"),
        *("+81(0)90-1234-5678", "(090) 1234 5678", "090.1234.5678"),
    ],
)
def test_read_search_of_a_phone_number_is_its_digits_in_japan(typed: str) -> None:
    assert phone_digits(typed) == "09012345678"
    assert read_search(typed).needles == ("09012345678",)


def test_phone_digits_keep_another_country() -> None:
    assert phone_digits("+1 415 555 2671") == "14155552671"


def test_read_search_takes_words_and_a_number_together() -> None:
    search = read_search("ﾔﾏﾀﾞ 090-1234")
    assert search.needles == ("やまだ", "0901234")
    assert set(search.pieces) == {"やま", "まだ", "090", "901", "012", "123", "234"}


def test_read_search_of_short_latin_words_is_their_beginning() -> None:
    assert read_search("Li").needles == (" li",)
    assert read_search("Li").pieces == (" l", " li")
    assert read_search("O").pieces == (" o",)


def test_read_search_of_one_character_of_japanese_is_that_character() -> None:
    assert read_search("林").pieces == ("林",)


def test_read_search_leaves_the_domain_of_an_address_to_the_text() -> None:
    search = read_search("Hana@Example.JP")
    assert search.needles == ("hana@example.jp",)
    assert set(search.pieces) == {"han", "ana", "na@"}


@pytest.mark.parametrize(("typed", "rule"), [("  ", "not_empty"), ("・", "not_empty"), ("a b c d e f", "at_most_five")])
def test_read_search_refuses_what_has_no_words_or_too_many(typed: str, rule: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_search(typed)
    assert rule in str(refused.value.details)


def test_pieces_of_a_needle_are_those_of_every_text_around_it() -> None:
    body = " やまだはなこ yamada li 09012345678"
    for start in range(len(body)):
        for end in range(start + 1, len(body) + 1):
            assert pieces_of(body[start:end]) <= pieces_of(body)


@pytest.mark.parametrize("typed", ["やまだ", "ヤマダ", "ﾔﾏﾀﾞ"])
def test_read_kana_stores_full_width_katakana(typed: str) -> None:
    assert read_kana(typed) == "ヤマダ"


@pytest.mark.parametrize("typed", ["山田", "yamada", "", "やまだ1"])
def test_read_kana_refuses_what_is_none(typed: str) -> None:
    assert read_kana(typed) is None


def test_normal_tags_are_each_there_once() -> None:
    assert normal_tags([" ＶＩＰ", "VIP", "", "紹介　客"]) == ["VIP", "紹介 客"]
