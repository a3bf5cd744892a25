"""Texts of messages that a business writes itself. Pure rules.

The template language has variables only: ``{{ name }}``. There are no conditions, loops, filters or attributes, so a
text can neither fail at the time of sending nor read anything else. What a message must say (booking number, time,
price, address, cancellation terms) is in the layout around the text and cannot be removed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.errors import InvalidInput
from domain.messages.kinds import NoticeKind

#: Stands for the platform's own paragraphs. They say what depends on the booking: fees, refunds, deadlines.
STANDARD = "standard"
_COMMON = frozenset({"business", "customer", "service", "staff", "start", "short", "price", STANDARD})


@dataclass(frozen=True, slots=True)
class TextRules:
    """What a text of one kind may name, and what it must."""

    allowed: frozenset[str]
    required_in_subject: frozenset[str]
    required_in_body: frozenset[str]


#: Messages to customers about a booking that stands or ends as agreed. In the others (money, proofs, offers, reviews)
#: the platform's words are what the law and the payment companies ask for, so they stay.
RULES: Mapping[NoticeKind, TextRules] = {
    NoticeKind.BOOKING_REQUESTED: TextRules(_COMMON, frozenset({"short"}), frozenset({STANDARD})),
    NoticeKind.BOOKING_CONFIRMED: TextRules(_COMMON, frozenset({"short"}), frozenset({STANDARD})),
    NoticeKind.BOOKING_REMINDER: TextRules(_COMMON | {"fee_now", "free_until"}, frozenset({"short"}), frozenset()),
    NoticeKind.BOOKING_CHANGED: TextRules(_COMMON | {"old_start"}, frozenset({"short"}), frozenset({STANDARD})),
    NoticeKind.BOOKING_CANCELLED: TextRules(_COMMON, frozenset({"short"}), frozenset({STANDARD})),
    NoticeKind.BOOKING_DECLINED: TextRules(_COMMON, frozenset({"short"}), frozenset({STANDARD})),
    NoticeKind.BOOKING_COMPLETED: TextRules(_COMMON, frozenset(), frozenset({STANDARD})),
}
_VARIABLE = re.compile(r"\{\{\s*([a-z_]{1,40})\s*\}\}")
_MARKS = re.compile(r"\{\{|\}\}|\{%|%\}|\{#|#\}")


@dataclass(frozen=True, slots=True)
class OwnText:
    """A business's own subject and body for one kind in one language. Empty lines divide the body into paragraphs."""

    subject: str
    body: str


def check_text(kind: NoticeKind, text: OwnText) -> None:
    """Raise InvalidInput for a kind whose text is the platform's, for anything but known variables, and where something
    required is missing. All faults are named together."""
    check_editable(kind)
    rules = RULES[kind]
    faults = [
        *_faults("subject", text.subject, rules.allowed - {STANDARD}, rules.required_in_subject),
        *_faults("body", text.body, rules.allowed, rules.required_in_body),
    ]
    if faults:
        raise InvalidInput({"fields": faults})


def check_editable(kind: NoticeKind) -> None:
    """Raise InvalidInput for a kind whose text is the platform's."""
    if kind not in RULES:
        raise InvalidInput.at("kind", "platform_writes_this_text")


def names_in(template: str) -> set[str]:
    """The variables that a template names."""
    return set(_VARIABLE.findall(template))


def filled(template: str, values: Mapping[str, str]) -> str:
    """The template with its values, in one pass: a value that looks like a variable is not filled again. A name without
    a value becomes empty, so that no message fails for it."""
    return _VARIABLE.sub(lambda found: values.get(found[1], ""), template)


def paragraphs_of(text: OwnText, values: Mapping[str, str], standard: Sequence[str]) -> list[str]:
    """The paragraphs of the body; a paragraph of ``{{ standard }}`` alone becomes the platform's. Empty ones go."""
    found: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text.body.strip()):
        if names_in(paragraph) == {STANDARD} and not _VARIABLE.sub("", paragraph).strip():
            found += standard
        elif line := filled(paragraph, {**values, STANDARD: "\n".join(standard)}).strip():
            found.append(line)
    return found


def variable_faults(field: str, template: str, allowed: frozenset[str]) -> list[dict[str, str]]:
    """What is wrong with a template that may have the ``allowed`` variables and nothing else."""
    faults = []
    if _MARKS.search(_VARIABLE.sub("", template)):
        faults.append({"field": field, "rule": "variables_only"})
    if names_in(template) - allowed:
        faults.append({"field": field, "rule": "unknown_variable"})
    return faults


def _faults(field: str, template: str, allowed: frozenset[str], required: frozenset[str]) -> list[dict[str, str]]:
    names = names_in(template)
    faults = variable_faults(field, template, allowed)
    if STANDARD in required - names:
        faults.append({"field": field, "rule": "standard_text_missing"})
    elif required - names:
        faults.append({"field": field, "rule": "time_missing"})
    return faults
