"""The readable part of an address."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.businesses.slug import RESERVED, check_slug, slug_from, slug_of_place, slugs_to_try
from domain.errors import InvalidInput


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ({"en": "Salon Hana"}, "salon-hana"),
        ({"en": "Café  Ôsaka & Co."}, "cafe-osaka-co"),
        ({"ja": "サロン花", "en": "Hana"}, "hana"),
        ({"ja": "ＨＡＮＡ Ｓａｌｏｎ"}, "hana-salon"),
        ({"en": "Mario's"}, "marios"),
        ({"ja": "サロンはな"}, "saronhana"),
        ({"ja": "ヘアーサロン ジュン"}, "heasaron-jun"),
        ({"ja": "サロン花"}, None),
        ({"en": "花", "ja": "Hana"}, "hana"),
        ({"en": "A"}, None),
    ],
)
def test_made_from_a_name_that_can_be_read(name: dict[str, str], slug: str | None) -> None:
    assert slug_from(name) == slug


@pytest.mark.parametrize(
    ("city_kana", "slug"),
    [
        ("シブヤク", "salon-shibuya"),
        ("オオサカシチュウオウク", "salon-osakashichuo"),
        ("ヤエヤマグンヨナグニチョウ", "salon-yaeyamagunyonaguni"),
        (None, "salon"),
    ],
)
def test_made_from_kind_and_place(city_kana: str | None, slug: str) -> None:
    assert slug_of_place("salon", city_kana) == slug


@given(st.dictionaries(st.sampled_from(["ja", "en"]), st.text(max_size=300), max_size=2))
def test_slug_that_is_made_is_valid_with_room_for_a_suffix(name: dict[str, str]) -> None:
    slug = slug_from(name) or slug_of_place("restaurant", name.get("ja"))
    assert check_slug(f"{slug}-a1b2")


@pytest.mark.parametrize(
    ("given", "name", "tried"),
    [
        ("my-salon", {"en": "Hana"}, ["my-salon"]),
        (None, {"en": "Hana"}, ["hana", "hana-a1b2", "hana-c3d4"]),
        ("", {"ja": "花"}, ["salon-shibuya-a1b2", "salon-shibuya-c3d4"]),
        (None, {"en": "API"}, ["salon-shibuya-a1b2", "salon-shibuya-c3d4"]),
    ],
)
def test_slugs_to_try_are_the_given_one_or_those_made_from_name_and_place(
    given: str | None, name: dict[str, str], tried: list[str]
) -> None:
    assert list(slugs_to_try(given, name, "salon", "シブヤク", ["a1b2", "c3d4"])) == tried


@pytest.mark.parametrize("slug", ["api", "admin", "login", "www", "bookings", "salon", "null"])
def test_reserved_words_are_no_slugs(slug: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_slug(slug)
    assert refused.value.details == {"fields": [{"field": "slug", "rule": "reserved"}]}
    assert slug_from({"en": slug.title()}) is None
    assert check_slug(f"{slug}-ginza")


def test_reserved_words_could_all_be_slugs() -> None:
    """A word that no business could have anyway is a mistake in the list, but for the short ones."""
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", word) for word in RESERVED)


@pytest.mark.parametrize("slug", ["", "ab", "-ab", "ab-", "a--b", "A-b", "a_b", "花花花", "a" * 61, "abc\n"])
def test_bad_slugs(slug: str) -> None:
    with pytest.raises(InvalidInput):
        check_slug(slug)
