"""Every rule word that the code answers with has its sentence, and every sentence its rule."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from pydantic_core.core_schema import ErrorType

from api.http.error_texts import AREAS, RULES
from domain.identity.passwords import broken_rules
from domain.platform.flag_rollout import MAX_STEPS

ROOT = Path(__file__).parents[2]
#: Words that are put together where they are raised.
COMPOSED = {*broken_rules("", ""), f"1_to_{MAX_STEPS}"}


def rules_in_code() -> Iterator[tuple[str, str]]:
    """Every rule word that the code writes down, with the file that does."""
    for package in ("domain", "db", "api", "activities"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                for word in _words(node):
                    yield word, str(path.relative_to(ROOT))


def _words(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == "rule" and _is_text(value):
                yield value.value  # type: ignore[attr-defined]
    if isinstance(node, ast.Call) and node.args:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name == "at" and len(node.args) == 2 and _is_text(node.args[1]):
            yield node.args[1].value  # type: ignore[attr-defined]
        if name == "PydanticCustomError" and _is_text(node.args[0]):
            yield node.args[0].value  # type: ignore[attr-defined]


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def test_rule_words_have_their_own_sentence() -> None:
    words = dict(rules_in_code())
    assert len(words) > 80
    words |= dict.fromkeys(broken_rules("", ""), "domain/identity/passwords.py")
    words |= {f"1_to_{MAX_STEPS}": "domain/platform/flag_rollout.py"}
    missing_ones = {word: where for word, where in words.items() if word not in RULES}
    assert missing_ones == {}, "write it in api/http/texts/<area>.py"


def test_rule_sentences_belong_to_rules_that_exist() -> None:
    words = {word for word, _ in rules_in_code()} | COMPOSED
    assert set(RULES) - words - set(get_args(ErrorType)) == set()


def test_words_of_an_area_are_written_by_its_own_code() -> None:
    written = {(word, area_of(where)) for word, where in rules_in_code()}
    foreign = [
        (area, word)
        for area, texts in AREAS.items()
        for word in texts.rules
        if area != "shared" and (word, area) not in written and word not in COMPOSED
    ]
    assert foreign == [], "it belongs to the area that answers with it, or to api/http/texts/shared_rules.py"


def area_of(path: str) -> str:
    """``db/bookings/claims.py`` and ``api/v1/bookings/…`` are of ``bookings``."""
    return path.removeprefix("api/v1/").removeprefix("api/").split("/")[0 if path.startswith("api/") else 1]


def test_validators_of_schemas_refuse_with_a_rule_word() -> None:
    """A ``ValueError`` of a validator reaches people as "please check this entry", which says nothing."""
    bare = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in (ROOT / "api" / "v1").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Raise)
        and isinstance(node.exc, ast.Call)
        and getattr(node.exc.func, "id", "") in {"ValueError", "AssertionError"}
    ]
    assert bare == [], "raise PydanticCustomError with a word, and write its sentence"
