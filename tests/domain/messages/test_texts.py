"""Texts that a business writes itself: variables only, and nothing required is lost."""

import pytest

from domain.errors import InvalidInput
from domain.messages.kinds import NoticeKind
from domain.messages.texts import RULES, STANDARD, OwnText, check_text, filled, paragraphs_of
from tests.support.cases import for_each

CONFIRMED = NoticeKind.BOOKING_CONFIRMED


def faults(kind: NoticeKind, subject: str, body: str) -> set[tuple[str, str]]:
    with pytest.raises(InvalidInput) as refused:
        check_text(kind, OwnText(subject, body))
    return {(one["field"], one["rule"]) for one in refused.value.details["fields"]}


@pytest.mark.parametrize("kind", RULES)
def test_check_text_takes_every_kind_with_what_it_needs(kind: NoticeKind) -> None:
    names = " ".join(f"{{{{ {name} }}}}" for name in sorted(RULES[kind].allowed - {STANDARD}))
    check_text(kind, OwnText("{{short}} {{ business }}", f"{names}\n\n{{{{ standard }}}}\n\nSee you!"))


@for_each("kind", sorted(set(NoticeKind) - RULES.keys()))
def test_check_text_refuses_kinds_whose_text_is_the_platforms(kind: NoticeKind) -> None:
    assert faults(kind, "{{ short }}", "{{ standard }}") == {("kind", "platform_writes_this_text")}


@pytest.mark.parametrize(
    "mark",
    [
        "{% if business %}",
        "{{ business.__class__ }}",
        "{{ business | upper }}",
        "{{ 7 * 7 }}",
        "{{ self }",
        "{# hidden #}",
        "{{ {{ business }} }}",
        "{{\nbusiness['x'] }}",
        "}}",
    ],
)
def test_check_text_takes_variables_alone(mark: str) -> None:
    assert ("body", "variables_only") in faults(CONFIRMED, "{{ short }}", f"{{{{ standard }}}} {mark}")


@pytest.mark.parametrize("name", ["code", "email", "customer_phone", "special_requests", "old_start"])
def test_check_text_refuses_other_variables(name: str) -> None:
    assert faults(CONFIRMED, "{{ short }}", f"{{{{ standard }}}} {{{{ {name} }}}}") == {("body", "unknown_variable")}


def test_check_text_names_all_that_is_missing() -> None:
    assert faults(CONFIRMED, "Hello", "Bye") == {("subject", "time_missing"), ("body", "standard_text_missing")}


def test_check_text_wants_no_standard_text_in_a_subject() -> None:
    assert faults(CONFIRMED, "{{ short }} {{ standard }}", "{{ standard }}") == {("subject", "unknown_variable")}


def test_filled_is_one_pass() -> None:
    assert filled("{{ a }}-{{b}}-{{ c }}", {"a": "{{ b }}", "b": "2"}) == "{{ b }}-2-"


def test_paragraphs_of_a_body_keep_the_standard_ones_apart() -> None:
    text = OwnText("", "Dear {{ customer }}\n\n{{ standard }}\n\n{{ staff }}\n\nSee you\nsoon")
    values = {"customer": "Ai", "staff": ""}
    assert paragraphs_of(text, values, ["one", "two"]) == ["Dear Ai", "one", "two", "See you\nsoon"]
