"""The schema of each error code in the OpenAPI document: the envelope with the code and the shape of its details."""

from collections.abc import Mapping
from datetime import datetime
from types import UnionType
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin, get_type_hints, is_typeddict
from uuid import UUID

from domain.error_codes import ERRORS
from domain.error_details import NoDetails

_PLAIN: Mapping[Any, Mapping[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    datetime: {"type": "string", "format": "date-time"},
    UUID: {"type": "string", "format": "uuid"},
    type(None): {"type": "null"},
}


def shape_of(code: str) -> type:
    """The ``TypedDict`` of the details of ``code``; None for a code of the API only."""
    return ERRORS[code].shape if code in ERRORS else NoDetails


def schema_name(code: str) -> str:
    """``slot_taken`` has the schema ``SlotTakenError``."""
    return "".join(part.capitalize() for part in code.split("_")) + "Error"


def schema_of(code: str) -> dict[str, Any]:
    """The whole answer for ``code``."""
    return {
        "allOf": [
            {"$ref": "#/components/schemas/Error"},
            {
                "type": "object",
                "properties": {
                    "error": {
                        "type": "object",
                        "properties": {"code": {"const": code}, "details": details_of(shape_of(code))},
                    }
                },
            },
        ]
    }


def details_of(shape: type) -> dict[str, Any]:
    """The JSON schema of a ``TypedDict``."""
    required: frozenset[str] = getattr(shape, "__required_keys__", frozenset())
    found: dict[str, Any] = {
        "type": "object",
        "description": (shape.__doc__ or "").strip(),
        "properties": {name: _schema(hint) for name, hint in get_type_hints(shape).items()},
    }
    return found | ({"required": sorted(required)} if required else {})


def _schema(hint: Any) -> dict[str, Any]:
    if is_typeddict(hint):
        return details_of(hint)
    origin, inner = get_origin(hint), get_args(hint)
    if origin in {Required, NotRequired}:
        return _schema(inner[0])
    if origin is list:
        return {"type": "array", "items": _schema(inner[0])}
    if origin is Literal:
        return {"type": "string", "enum": list(inner)}
    if origin in {Union, UnionType}:
        return {"anyOf": [_schema(one) for one in inner]}
    return dict(_PLAIN[hint])


def example_of(shape: type) -> dict[str, Any]:
    """Details with every required key."""
    required: frozenset[str] = getattr(shape, "__required_keys__", frozenset())
    return {name: _example(hint) for name, hint in get_type_hints(shape).items() if name in required}


def _example(hint: Any) -> Any:
    if is_typeddict(hint):
        return example_of(hint)
    origin, inner = get_origin(hint), get_args(hint)
    if origin is list:
        return [_example(inner[0])]
    if origin is Literal:
        return inner[0]
    return {int: 1, datetime: "2026-11-24T10:00:00+09:00", UUID: "019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58"}.get(hint, "…")
