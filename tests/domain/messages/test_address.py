"""A whole address, as people write it in Japanese and in English."""

import pytest

from domain.messages.address import Address, latin_city


@pytest.mark.parametrize(
    ("city", "kana", "latin"),
    [
        ("渋谷区", "シブヤク", "Shibuya-ku"),
        ("鎌倉市", "カマクラシ", "Kamakura-shi"),
        ("箱根町", "ハコネマチ", "Hakone-machi"),
        ("大阪市中央区", "オオサカシチュウオウク", "Chuo-ku, Osaka-shi"),
        ("西多摩郡瑞穂町", "ニシタマグンミズホマチ", "Mizuho-machi, Nishitama-gun"),
        ("広島市中区", "ヒロシマシナカク", None),  # two places where the city's name could end
        ("北九州市小倉北区", "キタキュウシュウシコクラキタク", "Kokurakita-ku, Kitakyushu-shi"),
        ("市川市", "イチカワシ", "Ichikawa-shi"),
        ("Springfield", "", None),
    ],
)
def test_city_in_latin_letters(city: str, kana: str, latin: str | None) -> None:
    assert latin_city(city, kana) == latin


def test_address_goes_from_the_prefecture_to_the_street_and_in_english_back() -> None:
    japanese = Address("神宮前4丁目99-1 花ビル2階", "渋谷区", "東京都", "150-0001")
    english = Address("2F Hana Bldg., 4-99-1 Jingumae", "Shibuya-ku", "Tokyo", "150-0001")
    assert japanese.in_japanese() == "〒150-0001 東京都渋谷区神宮前4丁目99-1 花ビル2階"
    assert english.in_english() == "2F Hana Bldg., 4-99-1 Jingumae, Shibuya-ku, Tokyo 150-0001"


@pytest.mark.parametrize("street", ["神宮前4丁目99-1", "渋谷区神宮前4丁目99-1", "東京都渋谷区神宮前4丁目99-1"])
def test_address_writes_once_what_was_typed_twice(street: str) -> None:
    assert Address(street, "渋谷区", "東京都").in_japanese() == "東京都渋谷区神宮前4丁目99-1"


@pytest.mark.parametrize(
    "street", ["4-99-1 Jingumae", "4-99-1 Jingumae, Shibuya-ku", "4-99-1 Jingumae, Shibuya-ku, Tokyo"]
)
def test_english_address_writes_once_what_was_typed_twice(street: str) -> None:
    assert Address(street, "Shibuya-ku", "Tokyo").in_english() == "4-99-1 Jingumae, Shibuya-ku, Tokyo"


@pytest.mark.parametrize(
    ("known", "ja", "en"),
    [
        (Address(), "", ""),
        (Address(postal_code="150-0001"), "", ""),
        (
            Address(city="渋谷区", prefecture="東京都", postal_code="150-0001"),
            "〒150-0001 東京都渋谷区",
            "渋谷区, 東京都 150-0001",
        ),
        (Address(street="1-2-3"), "1-2-3", "1-2-3"),
    ],
)
def test_address_of_which_little_is_known(known: Address, ja: str, en: str) -> None:
    assert (known.in_japanese(), known.in_english()) == (ja, en)
