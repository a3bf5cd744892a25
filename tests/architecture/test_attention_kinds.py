"""Every kind of item that the code files in the attention list is in the operators' manual, and has its sentence."""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.pages.admin.attention import MONEY, text_of

_ROOMS = ("activities", "workflows", "workers")
#: What files an item; the kind is the first argument or the one named `kind`.
_FILING = ("AttentionInput", "attention.file", ".raise_alert", "._file")


def _filed() -> Iterator[tuple[str, ast.expr]]:
    for room in _ROOMS:
        for path in Path(room).rglob("*.py"):
            module = ".".join(path.with_suffix("").parts)
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(_FILING):
                    kinds = [*node.args[:1], *(one.value for one in node.keywords if one.arg == "kind")]
                    yield from ((module, kind) for kind in kinds[:1])


def _kinds() -> set[str]:
    """Kinds that are literals or constants where they are filed; a parameter comes from another such place."""
    found = set()
    for module, kind in _filed():
        if isinstance(kind, ast.Name) and kind.id.isupper():
            found.add(getattr(importlib.import_module(module), kind.id))
        elif isinstance(kind, ast.Constant):
            found.add(kind.value)
    return {kind for kind in found if re.fullmatch("[a-z]+_[a-z_]+|rebook|dispute", kind)}


@pytest.fixture(scope="module")
def manual() -> set[str]:
    """The kinds of the manual's table."""
    text = Path("docs/operations.md").read_text(encoding="utf-8").partition("## The attention list")[2]
    rows = [line.split("|") for line in text.partition("\n## ")[0].splitlines() if line.startswith("| `")]
    return {kind for row in rows if row[2].strip() for kind in re.findall(r"`([a-z_]+)`", row[1])}


def test_attention_kinds_of_the_code_are_in_the_manual(manual: set[str]) -> None:
    kinds = _kinds() | MONEY
    assert {"event_refused", "outbox_stuck", "analytics_failed", "rollout_stopped"} <= kinds
    assert sorted(kinds - manual) == []


def test_attention_kinds_of_the_code_have_their_sentences() -> None:
    assert [kind for kind in sorted(_kinds() | MONEY) if text_of(kind) == "attention_other"] == []
