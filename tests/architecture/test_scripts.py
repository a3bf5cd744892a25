"""``\\d``, ``\\w``, ``isdigit`` and their like read every script of Unicode: ``٣`` is a digit to Python and none to a
database check. Code says which script it means."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("domain", "runtime", "db", "providers", "analytics", "activities", "workflows", "workers", "api", "stack")
METHODS = {"isdigit", "isnumeric", "isdecimal", "isalnum", "isalpha"}
#: Where every script is meant, and why.
EVERY_SCRIPT = {
    "domain/identity/names.py": "a number is no name in any script",
    "domain/identity/passwords.py": "letters and digits of every script make a password strong",
    "runtime/logging.py": "a secret is masked in whatever script surrounds it",
}


def _is_ascii_pattern(call: ast.Call) -> bool:
    return any(isinstance(one, ast.Attribute) and one.attr == "ASCII" for one in ast.walk(call))


def _patterns(tree: ast.AST) -> Iterator[tuple[ast.Call, ast.Constant]]:
    """Every text that a call takes as a regular expression: of ``re``, and of the schemas' ``pattern=``."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        of_re = isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", "") == "re"
        given = [*(node.args if of_re else ()), *(word.value for word in node.keywords if word.arg == "pattern")]
        for one in given:
            yield from ((node, part) for part in ast.walk(one) if isinstance(part, ast.Constant))


def of_every_script(source: str) -> list[str]:
    """What in ``source`` reads digits or letters of every script."""
    tree = ast.parse(source)
    found = [
        f"{part.lineno}: {part.value}"
        for call, part in _patterns(tree)
        if isinstance(part.value, str) and ("\\d" in part.value or "\\w" in part.value) and not _is_ascii_pattern(call)
    ]
    guarded = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.BoolOp) and "isascii" in ast.dump(node)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in METHODS and node not in guarded:
            found.append(f"{node.lineno}: {node.attr}")
    return found


def test_source_says_of_which_script_a_digit_or_letter_is() -> None:
    # ``bytes`` have ASCII digits and letters alone; migrations read our own SQL.
    found = {
        str(path.relative_to(ROOT)): wrong
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
        if "migrations" not in path.parts and (wrong := of_every_script(path.read_text()))
    }
    bytes_only = {"api/http/request_limits.py"}
    assert found.keys() - bytes_only <= EVERY_SCRIPT.keys(), found
    assert EVERY_SCRIPT.keys() <= found.keys(), "an exception that is no longer needed"


def test_script_search_finds_each_form() -> None:
    source = """
re.compile(r"\\d+")
re.compile(r"[0-9]+")
re.fullmatch(r"\\w", text, re.ASCII)
Field(pattern=r"^\\d$")
text.isdigit()
text.isascii() and text.isdigit()
"""
    assert of_every_script(source) == ["2: \\d+", "5: ^\\d$", "6: isdigit"]
