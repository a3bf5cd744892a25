"""The OpenAPI document: FastAPI's document with the error schemas, the table of codes, and examples."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from api.http.error_schemas import schema_name, schema_of
from api.http.error_texts import MEANINGS
from api.http.operation_errors import documented
from api.http.rate_limits import RouteFacts

_ERROR_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "Why the request was refused.",
    "required": ["status", "message", "error", "timestamp", "requestId"],
    "properties": {
        "status": {"type": "string", "const": "error", "description": "Always `error`."},
        "message": {"type": "string", "description": "A sentence in the caller's language."},
        "error": {
            "type": "object",
            "description": "The error, for programs.",
            "required": ["code", "message", "details"],
            "properties": {
                "code": {"type": "string", "enum": sorted(MEANINGS), "description": "Stable code."},
                "message": {"type": "string", "description": "The same sentence."},
                "details": {"type": "object", "description": "Facts about the error; they depend on the code."},
            },
        },
        "timestamp": {"type": "string", "format": "date-time", "description": "Time of the answer, RFC 3339."},
        "requestId": {"type": "string", "description": "Id of the request, as in the header `X-Request-ID`."},
    },
}


#: Values of fields that have no example of their own, by format or type.
_SAMPLES: dict[str, Any] = {
    "string": "…",
    "integer": 1,
    "number": 1.0,
    "boolean": True,
    "uuid": "019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58",
    "date": "2026-11-24",
    "date-time": "2026-11-24T10:00:00+09:00",
    "duration": "PT1H",
    "email": "ai@example.jp",
}


def description() -> str:
    """The text above the operations: the conventions, and every error code."""
    rows = "\n".join(
        f"| `{code}` | {meaning.status} | {meaning.en} | {meaning.ja} |"
        for code, meaning in sorted(MEANINGS.items(), key=lambda item: item[1].status)
    )
    return (
        "Booking and business management for service businesses in Japan.\n\n"
        "Times are RFC 3339 with offset, dates are the business's own, money is whole minor units. "
        "Unknown fields and unknown query parameters are refused with `invalid_input`. "
        "Send `Accept-Language: ja` or `en`; errors come as RFC 9457 with `Accept: application/problem+json`. "
        "`Idempotency-Key` makes a POST harmless to repeat for 24 hours.\n\n"
        f"| code | status | English | 日本語 |\n|---|---|---|---|\n{rows}\n"
    )


def document_of(title: str, version: str, routes: Sequence[BaseRoute], facts: Collection[RouteFacts]) -> dict[str, Any]:
    """The complete document of these routes."""
    whole = get_openapi(title=title, version=version, description=description(), routes=routes)
    _add_errors(whole, facts)
    _open_what_is_public(whole, facts)
    _describe_ids(whole)
    return _complete(whole)


def _operations(document: dict[str, Any], route: RouteFacts) -> Iterator[dict[str, Any]]:
    """The operations of the document that are the route's."""
    for method in route.methods:
        operation = document["paths"].get(route.template, {}).get(method.lower())
        if operation is not None:
            yield operation


def _add_errors(document: dict[str, Any], routes: Iterable[RouteFacts]) -> None:
    """Give every operation the errors of its route, instead of the framework's own 422."""
    for route in routes:
        for operation in _operations(document, route):
            successes = {status: found for status, found in operation["responses"].items() if status[0] in "23"}
            operation["responses"] = {**successes, **documented(list(route.errors))}
    for name in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(name, None)


def _describe_ids(document: dict[str, Any]) -> None:
    """``booking_id`` in a path or query is the id of a booking, wherever it is used."""
    for path in document["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", ()):
                name: str = parameter["name"]
                if name.endswith("_id") and "description" not in parameter:
                    parameter["description"] = f"Id of the {name.removesuffix('_id').replace('_', ' ')}."


def _open_what_is_public(document: dict[str, Any], routes: Iterable[RouteFacts]) -> None:
    """An operation with an optional login can be called without one, so an empty requirement is one of its options."""
    for route in routes:
        for operation in _operations(document, route):
            asked = operation.get("security", [])
            # A signed link replaces a login: one of the two is needed there.
            if asked and not route.needs_login and all(set(one) == {"HTTPBearer"} for one in asked):
                operation["security"] = [{}, *asked]


def _complete(document: dict[str, Any]) -> dict[str, Any]:
    schemas: dict[str, Any] = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["Error"] = _ERROR_SCHEMA
    schemas |= {schema_name(code): schema_of(code) for code in MEANINGS}
    for media in _media(document):
        if "example" not in media and "examples" not in media:
            example = _example(media.get("schema", {}), schemas)
            if example is not None:
                media["example"] = example
    return document


def _media(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every request and response body of every operation."""
    for path in document["paths"].values():
        for operation in path.values():
            yield from operation.get("requestBody", {}).get("content", {}).values()
            for response in operation["responses"].values():
                yield from response.get("content", {}).values()


def _example(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """The example of a schema: its own, or made from those of its parts. None: there is none."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if "examples" in schema:
        return schema["examples"][0]
    if "anyOf" in schema:
        return next((found for one in schema["anyOf"] if (found := _example(one, schemas)) is not None), None)
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "object":
        return {name: _example(one, schemas) for name, one in schema.get("properties", {}).items()}
    if schema.get("type") == "array":
        return [_example(schema.get("items", {}), schemas)]
    return schema.get("const", _SAMPLES.get(schema.get("format", schema.get("type", ""))))
