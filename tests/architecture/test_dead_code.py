"""What nothing uses is removed: functions, classes, constants, settings and error codes."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

from domain.errors import DomainError
from runtime.settings import Settings

ROOT = Path(__file__).parents[2]
PACKAGES = ("domain", "runtime", "db", "providers", "analytics", "activities", "workflows", "workers", "api", "stack")
MODULES = sorted(
    path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if "migrations" not in path.parts
)

#: Names that a library calls or reads, and which one.
OF_LIBRARIES = {
    "build_response_body": "uvicorn",
    "disconnected": "uvicorn",
    "intercept_activity": "temporalio",
    "request_async": "stripe",
    "send_400_response": "uvicorn",
    "sleep_async": "stripe",
}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def definitions() -> dict[str, list[str]]:
    """Names of functions, classes and constants, with where they are defined. What a decorator registers is used."""
    found: dict[str, list[str]] = {}
    plain = {"staticmethod", "classmethod", "property", "abstractmethod", "dataclass"}
    for path in MODULES:
        place = str(path.relative_to(ROOT))
        if path.name.endswith("tables.py"):  # read by Alembic, and as tables by the statements
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                decorators = {getattr(getattr(one, "func", one), "id", "other") for one in node.decorator_list}
                if decorators <= plain:
                    found.setdefault(node.name, []).append(place)
        for node in tree(path).body:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            for target in targets:
                if isinstance(target, ast.Name) and isinstance(node, ast.Assign | ast.AnnAssign):
                    found.setdefault(target.id, []).append(place)
    return {name: places for name, places in found.items() if not name.startswith("__")}


@cache
def uses() -> Counter[str]:
    """How often each name is read, called, imported under, or written as a text of its own."""
    found: Counter[str] = Counter()
    for path in MODULES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                found[node.id] += 1
            elif isinstance(node, ast.Attribute):
                found[node.attr] += 1
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
                found[node.value] += 1
    for path in (ROOT / "activities").rglob("*.j2"):
        found.update(re.findall(r"\w+", path.read_text(encoding="utf-8")))
    return found


def test_functions_classes_and_constants_are_used() -> None:
    """By name alone: two things of one name hide each other, so this finds less than there is, and nothing wrongly."""
    names = definitions()
    assert len(names) > 2000, "the walk sees too little"
    unused = {name: places for name, places in names.items() if not uses()[name] and name not in OF_LIBRARIES}
    assert unused == {}


def test_settings_are_read() -> None:
    read: set[str] = set()
    for path in MODULES:
        if path != ROOT / "runtime" / "settings.py":
            read |= {node.attr for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute)}
    inside = {node.attr for node in ast.walk(tree(ROOT / "runtime" / "settings.py")) if isinstance(node, ast.Attribute)}
    derived = {"admin_two_factor_required"}
    assert derived <= inside
    by_class = {name for name in Settings.model_fields if name.startswith("rate_limit_")}
    assert sorted(set(Settings.model_fields) - read - derived - by_class) == []


def every_error() -> set[type[DomainError]]:
    found: set[type[DomainError]] = set()
    waiting = [DomainError]
    while waiting:
        kinds = waiting.pop().__subclasses__()
        found |= set(kinds)
        waiting += kinds
    return {kind for kind in found if kind.__module__.startswith(PACKAGES)}


def test_error_codes_are_raised() -> None:
    """Each class is made somewhere, or its code is answered where there is no exception (the protocol)."""
    made: set[str] = set()
    answered: set[str] = set()
    for path in MODULES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call):
                inside = node.func.value if isinstance(node.func, ast.Attribute) else node.func
                made.add(getattr(inside, "id", ""))
            elif isinstance(node, ast.Raise):
                made.add(getattr(node.exc, "id", ""))
            elif isinstance(node, ast.Constant) and path.name != "errors.py":
                answered.add(str(node.value))
    errors = every_error()
    assert len(errors) > 30
    assert sorted(one.__name__ for one in errors if one.__name__ not in made and one.code not in answered) == []
