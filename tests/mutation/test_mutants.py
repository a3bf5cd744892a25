"""Each kind of mutant changes what it says, once, and leaves the rest."""

import ast
from typing import Any

import pytest

from tests.mutation.mutants import mutants

SOURCE = '''
from dataclasses import dataclass

@dataclass(frozen=True)
class Kept:
    """A docstring."""
    name: str | None

def rule(a, b):
    if a < b and not b == 0:
        raise ValueError(a)
    return min(a, b) - 1 if a in {2} else True
'''


def test_mutants_are_one_change_each_and_leave_annotations_and_decorators() -> None:
    found = mutants(SOURCE)
    assert {mutant.change for mutant in found} == {
        *("Lt becomes LtE", "and becomes or", "not is left out", "Eq becomes NotEq", "0 becomes 1"),
        *("nothing is raised", "min becomes max", "Sub becomes Add", "1 becomes 2", "2 becomes 3"),
        *("the branches change places", "In becomes NotIn", "True becomes False"),
    }
    texts = [ast.unparse(mutant.tree) for mutant in found]
    assert len(set(texts)) == len(found)
    assert ast.unparse(ast.parse(SOURCE)) not in texts
    assert all("frozen=True" in text and "name: str | None" in text for text in texts)


@pytest.mark.parametrize(
    ("change", "outcome"),
    [("Lt becomes LtE", 1), ("min becomes max", 2), ("Sub becomes Add", 3), ("the branches change places", True)],
)
def test_mutant_behaves_otherwise(change: str, outcome: Any) -> None:
    [mutant] = [one for one in mutants(SOURCE) if one.change == change]
    names: dict[str, Any] = {}
    exec(compile(mutant.tree, "mutant", "exec"), names)  # noqa: S102  (our own source)
    if change == "Lt becomes LtE":
        with pytest.raises(ValueError, match="2"):
            names["rule"](2, 2)
    elif change == "min becomes max":
        assert names["rule"](2, 1) == 1
        assert outcome
    else:
        assert names["rule"](2, 2) == outcome
