"""What a password must be."""

import pytest

from domain.errors import InvalidInput
from domain.identity.passwords import broken_rules, check_inputs, check_password, hash_input

EMAIL = "hanako@example.jp"


@pytest.mark.parametrize(
    ("password", "broken"),
    [
        ("Sakura-2026", ()),
        ("Aa1-aaaa", ()),
        ("Aa1-" + "a" * 68, ()),
        ("Äé1-aaaa", ()),
        ("Aa1-aaa", ("at_least_8_characters",)),
        ("Aa1-" + "a" * 69, ()),
        ("Ａａ１-花花花花", ()),
        ("aa1-aaaa", ("upper_case_letter",)),
        ("AA1-AAAA", ("lower_case_letter",)),
        ("Aaa-aaaa", ("digit",)),
        ("Aa1aaaaa", ("symbol",)),
        ("Aa1 aaaa", ("symbol",)),
        ("", ("at_least_8_characters", "upper_case_letter", "lower_case_letter", "digit", "symbol")),
    ],
)
def test_rules(password: str, broken: tuple[str, ...]) -> None:
    assert broken_rules(password, EMAIL) == broken


def test_email_is_no_password() -> None:
    assert broken_rules("Hanako1@Example.jp", "hanako1@example.JP") == ("not_the_email",)


def test_password_check_names_every_broken_rule() -> None:
    with pytest.raises(InvalidInput) as refused:
        check_password("aaaa", EMAIL)
    rules = [field["rule"] for field in refused.value.details["fields"]]
    assert rules == ["at_least_8_characters", "upper_case_letter", "digit", "symbol"]
    assert "aaaa" not in repr(refused.value)
    check_password("Sakura-2026", EMAIL)


def test_hash_input_is_the_same_for_composed_decomposed_and_wide_letters() -> None:
    assert hash_input("Sakura-2026が") == hash_input("Sakura-2026か\u3099")
    assert hash_input("Ｓａｋｕｒａ-２０２６") == hash_input("Sakura-2026")


def test_hash_input_counts_every_byte_and_has_no_zero_byte() -> None:
    long = "Aa1-" + "花" * 60
    assert hash_input(long) != hash_input(long + "x")
    assert len(hash_input(long)) <= 72
    assert b"\0" not in hash_input(long)
    assert hash_input("a" * 72) == b"a" * 72


def test_check_inputs_holds_a_password_chosen_before_normalisation() -> None:
    old = "Sakura-2026か\u3099"
    assert old.encode() in check_inputs(old)
    assert check_inputs("Sakura-2026") == (b"Sakura-2026",)
