"""An area uses itself and earlier areas only, in its own room and in every room below.

import-linter holds the order inside each room; this holds it across rooms. The order stands once, in `pyproject.toml`;
`docs/decisions/0010-order-of-areas.md` says why it is this one.
"""

import ast
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: The folders whose children are areas.
CONTAINERS = ("domain", "db", "activities", "workflows", "api.v1")
#: Folders with other names that are about one area.
ABOUT = {"providers.payments": "payments", "providers.email": "messages", "analytics": "analytics"}
#: Imports of a later area, each with its reason.
EXCEPTIONS = {
    (
        "workflows.platform.maintenance.workflow",
        "activities.media.media",
    ): "a round of maintenance sweeps the files too",
}
#: Stores of a later area that a module asks (`work.<area>`), each with its reason.
STORE_EXCEPTIONS = {
    (
        "api.v1.businesses.businesses.handlers",
        "onboarding",
    ): "a business that changes its identity is reviewed again in the same transaction",
}
#: Modules of the domain that join the declarations of all areas.
JOINING = {"domain.permissions", "domain.error_codes"}


def order() -> list[str]:
    """The areas, the earliest first."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers: list[str] = next(one["layers"] for one in contracts if one["name"] == "Areas use earlier areas only")
    return [layer.strip("()") for layer in reversed(layers)]


ORDER = order()


def area_of(module: str) -> str | None:
    """``db.payments.webhooks`` is of ``payments``; ``db.stores`` is of no area."""
    for folder, area in ABOUT.items():
        if f"{module}.".startswith(f"{folder}."):
            return area
    for container in CONTAINERS:
        if module.startswith(f"{container}."):
            name = module.removeprefix(f"{container}.").split(".")[0]
            return name if name in ORDER else None
    return None


@cache
def imports(source: str) -> tuple[str, ...]:
    """Every module, and every name of a module, that ``source`` imports."""
    return tuple(_imports(ast.parse(source)))


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{one.name}" for one in node.names)


def later_areas(module: str, source: str) -> set[str]:
    """What ``module`` imports of areas that come after its own."""
    own = area_of(module)
    if own is None:
        return set()
    return {one for one in imports(source) if (area := area_of(one)) and ORDER.index(area) > ORDER.index(own)}


def later_stores(module: str, source: str) -> set[str]:
    """The later areas whose stores ``module`` asks for: ``work.<area>``, wherever the unit of work is kept."""
    own = area_of(module)
    if own is None:
        return set()
    if not any(f".{area}" in source for area in ORDER[ORDER.index(own) + 1 :]):
        return set()
    used = {
        node.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and node.attr in ORDER and _is_unit_of_work(node.value)
    }
    return {area for area in used if ORDER.index(area) > ORDER.index(own)}


def _is_unit_of_work(node: ast.expr) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return name.strip("_") in {"work", "stores", "unit_of_work"}


@cache
def modules() -> tuple[tuple[str, str], ...]:
    """Names and sources."""
    return tuple(
        (
            str(path.relative_to(ROOT).with_suffix("")).replace("/", ".").removesuffix(".__init__"),
            path.read_text(encoding="utf-8"),
        )
        for room in ("domain", "db", "providers", "analytics", "activities", "workflows", "api/v1")
        for path in sorted((ROOT / room).rglob("*.py"))
    )


def test_area_imports_no_later_area_of_any_room() -> None:
    seen = 0
    found: dict[str, list[str]] = {}
    for name, source in modules():
        seen += area_of(name) is not None
        later = {one for one in later_areas(name, source) if not any((name, m) in EXCEPTIONS for m in _parents(one))}
        if later:
            found[name] = sorted(later)
    assert seen > 300
    assert found == {}, "move it to the area that it is about, or to a module of the domain that every area may use"


def _parents(module: str) -> tuple[str, str]:
    return module, module.rpartition(".")[0]


def test_exceptions_are_all_still_needed() -> None:
    sources = dict(modules())
    unused = [(name, used) for name, used in EXCEPTIONS if used not in later_areas(name, sources[name])]
    assert unused == []


def test_area_asks_no_store_of_a_later_area() -> None:
    asked = {name: later_stores(name, source) for name, source in modules()}
    found = {
        name: sorted(areas)
        for name, areas in asked.items()
        if areas - {area for module, area in STORE_EXCEPTIONS if module == name}
    }
    assert found == {}, "move the endpoint or the method to the later area, or read the facts in a store of this one"
    assert [one for one in STORE_EXCEPTIONS if one[1] not in asked[one[0]]] == [], "no longer needed"


def test_store_of_a_later_area_is_found_however_the_unit_of_work_is_kept() -> None:
    for source in ("work.bookings.changes", "self._work.bookings", "command.work.bookings.get(1)"):
        assert later_stores("activities.payments.payments", source)
    assert not later_stores("activities.bookings.bookings", "work.payments.record")
    assert not later_stores("domain.platform.flags", "flag.businesses")


def test_shared_modules_use_no_area() -> None:
    found = [
        (name, one)
        for name, source in modules()
        if name.startswith("domain.") and area_of(name) is None and name not in JOINING
        for one in imports(source)
        if area_of(one)
    ]
    assert found == []


def test_use_of_a_later_area_is_found_in_every_form() -> None:
    assert later_areas("db.payments.webhooks", "from domain.bookings.decisions import cancel")
    assert later_areas("db.payments.webhooks", "from domain import bookings")
    assert later_areas("activities.platform.flags", "import db.payments.tables")
    assert later_areas("providers.email.sendgrid", "from domain.payments import status")
    assert not later_areas("db.bookings.claims", "from domain.payments import status")
    assert not later_areas("db.payments.webhooks", "from domain.booking_status import BookingStatus")
