"""The layout of the code: what a linter cannot check."""

import ast
import importlib
import re
import subprocess
from enum import StrEnum
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]
PACKAGES = ("domain", "runtime", "db", "providers", "analytics", "activities", "workflows", "workers", "api", "stack")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
OURS = [path for path in MODULES if "versions" not in path.parts]
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_walk_finds_the_modules() -> None:
    assert len(MODULES) > 60


def test_commit_appears_in_the_unit_of_work_alone() -> None:
    found = [relative(path) for path in MODULES if re.search(r"\.commit\(", path.read_text(encoding="utf-8"))]
    # The sandbox of the providers keeps its own SQLite file and knows nothing of our database.
    assert [name for name in found if not name.startswith("providers/sandbox/")] == ["db/engine/session.py"]


def test_modules_stay_under_400_lines_and_functions_under_50() -> None:
    long = [relative(path) for path in (*OURS, *TESTS) if len(path.read_text(encoding="utf-8").splitlines()) >= 400]
    for path in OURS:
        for function in functions(path):
            if (function.end_lineno or 0) - function.lineno >= 50:
                long.append(f"{relative(path)}: {function.name}")
    assert long == []


def test_modules_say_what_lives_there_and_public_things_what_they_are() -> None:
    silent = []
    for path in OURS:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if tree.body and not ast.get_docstring(tree):
            silent.append(relative(path))
        for node in tree.body:
            named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            if named and not node.name.startswith("_") and not ast.get_docstring(node):
                silent.append(f"{relative(path)}: {node.name}")
    assert silent == []


def test_rooms_are_all_listed() -> None:
    forbidden = {"utils", "helpers", "common", "manager", "misc"}
    assert [relative(path) for path in MODULES if {path.stem, path.parent.name} & forbidden] == []


def test_endpoints_parse_authorize_call_and_return() -> None:
    for path in (ROOT / "api").rglob("endpoints.py"):
        for function in functions(path):
            body = function.body[1:] if ast.get_docstring(function) else function.body
            if not body or function.name.startswith("_"):
                continue
            lines = (body[-1].end_lineno or 0) - body[0].lineno + 1
            assert lines <= 12, f"{relative(path)}: {function.name} has {lines} lines"
            assert not any(isinstance(node, ast.Try) for node in ast.walk(function)), function.name


def test_sql_statuses_are_the_domains() -> None:
    """A literal status in a statement must be one that the domain knows."""
    enums = [one for module in domain_modules() for one in vars(module).values() if is_status(one)]
    known = {status.value for enum in enums for status in enum}
    literal = re.compile(r"\bstatus (?:=|<>|IN) \(?'([a-z_]+)'")
    found = []
    for path in (*(ROOT / "db").rglob("*.py"), *(ROOT / "db").rglob("*.sql")):
        found += [(relative(path), status) for status in literal.findall(path.read_text(encoding="utf-8"))]
    assert len(found) > 40
    assert [one for one in found if one[1] not in known] == []


def domain_modules() -> list[ModuleType]:
    names = [relative(path).removesuffix(".py").replace("/", ".") for path in MODULES]
    return [importlib.import_module(name) for name in names if name.startswith("domain.") and "__init__" not in name]


def is_status(one: object) -> bool:
    return isinstance(one, type) and issubclass(one, StrEnum) and one.__name__.endswith("Status")


def test_imports_are_at_the_top_of_the_module() -> None:
    """An import inside a function hides a circle. The command line alone has them: it starts faster without."""
    found = []
    for path in OURS:
        for function in functions(path):
            if any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(function)):
                found.append(f"{relative(path)}: {function.name}")
    assert [one for one in found if not one.startswith("stack/cli")] == []


def test_project_speaks_of_itself_alone() -> None:
    """No path of one machine in what is committed."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    pattern = re.compile(r"(?<![\w.])/(?:work|farm|root)/[a-z.]")
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.suffix in {".py", ".md", ".toml", ".yml", ".j2"} and path.is_file():
            assert not pattern.search(path.read_text(encoding="utf-8")), name
