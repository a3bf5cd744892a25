"""What a password must be."""

import pytest

from domain.errors import InvalidInput
from domain.identity.passwords import broken_rules, check_password

EMAIL = "hanako@example.jp"


@pytest.mark.parametrize(
    ("password", "broken"),
    [
        ("Sakura-2026", ()),
        ("Aa1-aaaa", ()),
        ("Aa1-" + "a" * 68, ()),
        ("Äé1-aaaa", ()),
        ("Aa1-aaa", ("at_least_8_characters",)),
        ("Aa1-" + "a" * 69, ("at_most_72_bytes",)),
        ("Aa1-" + "花" * 23, ("at_most_72_bytes",)),
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


def test_the_email_is_no_password() -> None:
    assert broken_rules("Hanako1@Example.jp", "hanako1@example.JP") == ("not_the_email",)


def test_every_broken_rule_is_named() -> None:
    with pytest.raises(InvalidInput) as refused:
        check_password("aaaa", EMAIL)
    rules = [field["rule"] for field in refused.value.details["fields"]]
    assert rules == ["at_least_8_characters", "upper_case_letter", "digit", "symbol"]
    assert "aaaa" not in repr(refused.value)
    check_password("Sakura-2026", EMAIL)
