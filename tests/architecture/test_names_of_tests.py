"""A test's name begins with the unit under test and says its behaviour: ``test_lease_takes_rows_that_failed_before``.

What can be checked is the first word: an article, a pronoun or a preposition does not name a unit.
Tests in a class have their unit from the class.
"""

import ast
import re
from functools import cache
from pathlib import Path

from tests.architecture.test_layout import MODULES

TESTS = Path(__file__).parents[1]

#: First words that name nothing.
NO_UNIT = re.compile(
    r"(a|an|the|it|its|he|she|they|we|i|you|this|that|these|those|who|whom|whose|what|whatever|which|where"
    r"|wherever|when|while|why|how|if|whether|every|each|all|both|any|some|no|none|nobody|nothing|anybody|anyone"
    r"|anything|somebody|everybody|everyone|everything|one|two|three|many|more|most|much|few|several|only|another"
    r"|others|there|here|from|for|of|to|in|into|on|onto|at|over|through|during|with|within|without|before|after"
    r"|between|behind|until|till|since|than|then|so|such|and|or|but|not|never|always|also|still|again|even|too)(_|$)"
)
#: Units of the product whose name begins with such a word.
UNITS = ("no_show", "one_off", "one_time")


@cache
def functions() -> tuple[str, ...]:
    """Functions of the product whose name begins with such a word: ``why_not_send``."""
    found: set[str] = set()
    for path in MODULES:
        found |= {
            name for name in re.findall(r"def ([a-z]+_\w+)\(", path.read_text(encoding="utf-8")) if NO_UNIT.match(name)
        }
    return tuple(found)


def names() -> dict[str, list[str]]:
    """The test functions of each module, without ``test_``."""
    found = {}
    for path in TESTS.rglob("test_*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        found[str(path.relative_to(TESTS))] = [name[5:] for name in functions if name.startswith("test_")]
    return found


def begins_with_a_unit(name: str) -> bool:
    return name.startswith((*UNITS, *functions())) or not NO_UNIT.match(name)


def test_names_begin_with_the_unit_under_test() -> None:
    bad = {
        path: wrong for path, each in names().items() if (wrong := [one for one in each if not begins_with_a_unit(one)])
    }
    assert bad == {}, "begin with the unit under test: block_takes_the_time_of_one_person"


def test_names_are_found() -> None:
    assert sum(len(each) for each in names().values()) > 1900
    assert not begins_with_a_unit("what_is_kept_ends")
    assert begins_with_a_unit("no_show_costs_what_the_policy_says")
