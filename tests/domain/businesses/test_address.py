"""Postal codes, prefectures, invoice numbers, readings."""

import pytest

from domain.businesses.address import Prefecture, read_postal_code, read_prefecture
from domain.businesses.invoice import check_digit, read_invoice_number
from domain.errors import InvalidInput
from domain.kana import romanised


def test_prefectures_stand_in_the_order_of_jis_x_0401() -> None:
    assert len(Prefecture) == 47
    known = {"01": "北海道", "13": "東京都", "26": "京都府", "27": "大阪府", "40": "福岡県", "47": "沖縄県"}
    assert {one.code: one.value for one in Prefecture if one.code in known} == known


@pytest.mark.parametrize("written", ["東京都", "東京", "Tokyo", " TOKYO ", "13", "１３"])
def test_prefecture_is_known_by_many_names(written: str) -> None:
    assert read_prefecture(written) is Prefecture.TOKYO


@pytest.mark.parametrize("written", ["", "都", "Edo", "48", "00", "東京都都"])
def test_prefecture_refuses_other_words(written: str) -> None:
    with pytest.raises(InvalidInput):
        read_prefecture(written)


@pytest.mark.parametrize("written", ["1500001", "150-0001", "〒150-0001", "〒 １５０ー０００１", " 150−0001 "])
def test_postal_code_is_seven_digits(written: str) -> None:
    assert read_postal_code(written) == "150-0001"


@pytest.mark.parametrize("written", ["", "150001", "15000011", "150--0001", "abc-defg", "150 0001"])
def test_postal_code_refuses_other_forms(written: str) -> None:
    with pytest.raises(InvalidInput):
        read_postal_code(written)


@pytest.mark.parametrize(
    ("base", "digit"),
    [
        ("000012050002", 7),  # the tax agency itself: 7000012050002
        ("123456789012", 7),
    ],
)
def test_check_digit(base: str, digit: int) -> None:
    assert check_digit(base) == digit


@pytest.mark.parametrize(
    "written", ["T7123456789012", "t7123456789012", "Ｔ７１２３４５６７８９０１２", "T7-1234-5678-9012"]
)
def test_invoice_number(written: str) -> None:
    assert read_invoice_number(written) == "T7123456789012"


def test_invoice_number_check_finds_a_wrong_digit_but_for_nine_and_zero() -> None:
    good = "7123456789012"
    for place in range(13):
        for digit in "0123456789":
            wrong = good[:place] + digit + good[place + 1 :]
            if digit == good[place] or {digit, good[place]} == {"0", "9"}:
                continue
            with pytest.raises(InvalidInput):
                read_invoice_number(f"T{wrong}")


@pytest.mark.parametrize("written", ["7123456789012", "T123", "T71234567890123", "T0123456789012", "X7123456789012"])
def test_invoice_number_refuses_other_forms(written: str) -> None:
    with pytest.raises(InvalidInput):
        read_invoice_number(written)


@pytest.mark.parametrize(
    ("kana", "romaji"),
    [
        ("シブヤク", "shibuyaku"),
        ("トウキョウト", "tokyoto"),
        ("しんばし", "shimbashi"),
        ("まっちゃ", "matcha"),
        ("ハッピー", "happi"),
        ("ファミリー", "famiri"),
        ("ジャンヌ・チェ", "jannu・che"),
        ("ティー", "ti"),
        ("ヴィーナス", "vinasu"),
        ("花はな", "花hana"),
    ],
)
def test_kana_in_latin_letters(kana: str, romaji: str) -> None:
    assert romanised(kana) == romaji
