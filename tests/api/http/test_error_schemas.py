"""Each error's details have a declared schema, and what the code raises keeps to it."""

import ast
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Required, TypedDict, get_type_hints

import pytest

from api.app import openapi_document
from api.http.error_schemas import details_of, schema_name, shape_of
from api.http.error_texts import MEANINGS
from domain.error_codes import ERRORS
from domain.error_details import NoDetails
from domain.scheduling.errors import AlternativesDetails

ROOT = Path(__file__).parents[3]
ROOMS = ("domain", "db", "providers", "api", "activities", "workflows", "analytics", "runtime")
BY_NAME = {error.__name__: error for error in ERRORS.values()}


def raised(source: str) -> Iterator[tuple[int, str, set[str]]]:
    """Line, error and keys of every error that is made with written out details."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Dict):
            name = getattr(node.func, "id", "")
            if name in BY_NAME:
                keys = {key.value for key in node.args[0].keys if isinstance(key, ast.Constant)}
                yield node.lineno, name, keys


def test_raised_errors_have_the_declared_keys_alone() -> None:
    count = 0
    undeclared = []
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            for line, name, keys in raised(path.read_text()):
                count += 1
                if extra := keys - get_type_hints(BY_NAME[name].shape).keys():
                    undeclared.append(f"{path.relative_to(ROOT)}:{line} {name}: {sorted(extra)}")
    assert count > 80
    assert not undeclared, "declare it in the shape of the error\n" + "\n".join(undeclared)


def test_undeclared_key_is_found() -> None:
    assert list(raised("raise NotFound({'moon_id': 1})")) == [(1, "NotFound", {"moon_id"})]
    assert "moon_id" not in get_type_hints(BY_NAME["NotFound"].shape)


def test_answers_of_every_operation_name_the_schema_of_their_codes() -> None:
    document = openapi_document()
    schemas = document["components"]["schemas"]
    count = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for status, response in operation["responses"].items():
                if status[0] in "45":
                    content = response["content"]["application/json"]
                    schema = content["schema"]
                    refs = {one["$ref"].rpartition("/")[2] for one in schema.get("oneOf", [schema])}
                    assert refs == {schema_name(code) for code in content["examples"]}, (method, path, status)
                    count += len(refs)
    assert count > 500
    for code in MEANINGS:
        envelope, own = schemas[schema_name(code)]["allOf"]
        assert envelope == {"$ref": "#/components/schemas/Error"}
        assert own["properties"]["error"]["properties"]["code"] == {"const": code}
    taken = schemas["SlotTakenError"]["allOf"][1]["properties"]["error"]["properties"]["details"]
    assert taken["properties"]["alternatives"] == {"type": "array", "items": {"type": "string", "format": "date-time"}}
    window = schemas["OutsideBookingWindowError"]["allOf"][1]["properties"]["error"]["properties"]["details"]
    assert window["required"] == ["earliest", "latest", "reason"]


def test_shape_of_is_that_of_the_declared_error_or_empty() -> None:
    assert shape_of("slot_taken") is AlternativesDetails
    assert shape_of("internal_error") is NoDetails


class _Sample(TypedDict, total=False):
    """All kinds of hints."""

    at: Required[datetime]
    word: Literal["a", "b"]
    many: list[int]
    maybe: str | None


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("at", {"type": "string", "format": "date-time"}),
        ("word", {"type": "string", "enum": ["a", "b"]}),
        ("many", {"type": "array", "items": {"type": "integer"}}),
        ("maybe", {"anyOf": [{"type": "string"}, {"type": "null"}]}),
    ],
)
def test_details_of_writes_every_kind_of_hint(name: str, schema: dict[str, Any]) -> None:
    found = details_of(_Sample)
    assert found["properties"][name] == schema
    assert found["required"] == ["at"]
