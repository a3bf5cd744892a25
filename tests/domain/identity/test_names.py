"""What may be a person's name."""

import pytest

from domain.identity.names import contains_link, is_number, looks_empty

EMPTY = ("\u200b", "\u3164", "\u00ad", "\u200d", "\u2060\ufeff", "\u2800", "\u115f", " \u3000 ", "\u0301", "\U000e0061")
NAMES = (
    "佐藤",
    "O'Neil",
    "Anne-Marie",
    "J.Smith",
    "J. R. Tanaka",
    "St. John",
    "مي\u200cخواهم",  # Persian, with a non-joiner
    "ක්\u200dෂ",  # Sinhala, with a joiner
    "👨\u200d👩\u200d👧",
    "が",
    "か\u3099",
    "ヴァン・ダム",
    "Dr.佐藤",
    "モーニング。娘",
    "㌔",
)
LINKS = (
    "http://evil.example",
    "www.evil",
    "evil.com",
    "Win at evil-prize.top now",
    "ｅｖｉｌ．ｃｏｍ",
    "evil\u3002com",  # browsers read the ideographic full stop as a dot
    "ｅｖｉｌ｡ｃｏｍ",
    "ev\u200bil.com",
    "evil.\u00adcom",
    "t.co",
    "X.COM",
    "銀行.jp",
    "evil.com/path",
    "a@evil.com",
)


@pytest.mark.parametrize("text", EMPTY)
def test_looks_empty_finds_what_nobody_sees(text: str) -> None:
    assert looks_empty(text)


@pytest.mark.parametrize("text", NAMES)
def test_names_of_many_scripts_are_neither_empty_nor_links(text: str) -> None:
    assert not looks_empty(text)
    assert not contains_link(text)
    assert not is_number(text)


NUMBERS = (
    "03-5550-0123",
    "+81 90 1234 5678",
    "（０３）５５５０－０１２３",
    "090ー1234ー5678",
    "090‐1234‐5678",
    "٠٩٠١٢٣٤",
    "#12",
    "7",
    "090\u200b1234",
)


@pytest.mark.parametrize("text", NUMBERS)
def test_is_number_finds_phone_numbers_of_every_script(text: str) -> None:
    assert is_number(text)


@pytest.mark.parametrize("text", ["3代目", "Louis XIV", "山田2", "R2-D2", "ー", "👨\u200d👩", "Smith 3rd"])
def test_is_number_leaves_names_with_a_letter_or_without_a_digit(text: str) -> None:
    assert not is_number(text)


@pytest.mark.parametrize("text", LINKS)
def test_contains_link_finds_what_mail_programs_make_a_link_of(text: str) -> None:
    assert contains_link(text)
