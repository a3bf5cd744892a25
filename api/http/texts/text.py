"""The texts of an area's errors: the HTTP status of its error codes, and the sentences in Japanese and English.

Each area has a module of its own beside this one; `api.http.error_texts` joins them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence or two. ``{name}`` stands for a value of the details, written out in the language."""

    ja: str
    en: str


@dataclass(frozen=True, slots=True)
class Meaning:
    """The answer of an error code."""

    status: int
    ja: str
    en: str

    @property
    def text(self) -> Text:
        """The general sentence of the code."""
        return Text(self.ja, self.en)


@dataclass(frozen=True, slots=True)
class Texts:
    """The sentences of one area. A sentence says what happened, then what to do now. It names no code, header, field or
    rule, except where only a program can be the cause. Codes are stable; sentences may change."""

    #: By error code.
    meanings: Mapping[str, Meaning] = field(default_factory=dict)
    #: By error code: the same with values of the details, used where all of them are known.
    with_values: Mapping[str, Text] = field(default_factory=dict)
    #: By error code and by the cause in ``details``: a reason, a field or a key.
    by_cause: Mapping[tuple[str, str], Text] = field(default_factory=dict)
    #: By rule word: beside a field, or in place of the sentence of the code.
    rules: Mapping[str, Text] = field(default_factory=dict)
    #: The names of states that a refusal may name.
    states: Mapping[str, Text] = field(default_factory=dict)
    #: The names of what ``details["missing"]`` may list.
    missing: Mapping[str, Text] = field(default_factory=dict)


def joined(parts: Iterable[Mapping[_Key, _Value]]) -> Mapping[_Key, _Value]:
    """All of ``parts`` as one. Raises ``ValueError`` for a key that two of them declare."""
    found: dict[_Key, _Value] = {}
    for part in parts:
        if twice := found.keys() & part.keys():
            raise ValueError(f"declared twice: {sorted(map(str, twice))}")
        found |= part
    return found
