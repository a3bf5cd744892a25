"""The errors of an operation, as listed in the OpenAPI document.

A dependency, a handler or an endpoint declares with :func:`raises` which errors it raises. An operation has the errors
of its dependencies and its endpoint, those of parsing a body, and those that any request can get.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, TypeVar

from fastapi.dependencies.models import Dependant

from api.http.error_schemas import example_of, schema_name, shape_of
from api.http.error_texts import MEANINGS
from api.http.errors import error_document
from api.http.request_info import Language, RequestInfo
from api.http.texts.shared import INTERNAL_ERROR
from domain.errors import (
    DomainError,
    InvalidInput,
    Malformed,
    RateLimited,
    TooLarge,
    TooSlow,
    Unavailable,
    UnsupportedMediaType,
)

_Declarer = TypeVar("_Declarer", bound=Callable[..., Any])
_Source = type[DomainError] | Callable[..., Any]

_declared: dict[Callable[..., Any], tuple[type[DomainError], ...]] = {}

#: Errors of any operation.
_ANY: tuple[str, ...] = (Malformed.code, InvalidInput.code, RateLimited.code, INTERNAL_ERROR, Unavailable.code)
#: Errors of an operation that reads a body.
BODY_ERRORS: tuple[type[DomainError], ...] = (TooLarge, TooSlow, UnsupportedMediaType)

_EXAMPLE = RequestInfo(request_id="req_019a0c5e7b3f7c21b5d4a9e1f2036c58", language=Language.EN)
_EXAMPLE_TIME = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)


def raises(*sources: _Source) -> Callable[[_Declarer], _Declarer]:
    """Declare the errors of a dependency (a function, or a class whose instances are dependencies), a handler or an
    endpoint. A function among ``sources`` stands for the errors that it declares. On an endpoint it goes below the
    ``@router`` line."""

    errors = tuple(error for source in sources for error in _errors_of(source))

    def declare(declarer: _Declarer) -> _Declarer:
        _declared[declarer] = errors
        return declarer

    return declare


def _errors_of(source: _Source) -> tuple[type[DomainError], ...]:
    if isinstance(source, type) and issubclass(source, DomainError):
        return (source,)
    return _declared[source]


def codes_of(dependant: Dependant, reads_body: bool) -> list[str]:
    """The error codes of the operation with these dependencies; each once."""
    declared = [*_collect(dependant), *(BODY_ERRORS if reads_body else ())]
    return list(dict.fromkeys([*(error.code for error in declared), *_ANY]))


def _collect(dependant: Dependant) -> Iterator[type[DomainError]]:
    call = dependant.call
    if call is not None:
        yield from _declared.get(call, ()) or _declared.get(type(call), ())
    for dependency in dependant.dependencies:
        yield from _collect(dependency)


def documented(codes: list[str]) -> dict[str, dict[str, Any]]:
    """The ``responses`` of an operation for its error codes: one entry a status, with an example for each code."""
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(MEANINGS[code].status, []).append(code)
    return {str(status): _response(found) for status, found in sorted(by_status.items())}


def _response(codes: list[str]) -> dict[str, Any]:
    examples = {
        code: {"summary": MEANINGS[code].en, "value": error_document(code, _example(code), _EXAMPLE, _EXAMPLE_TIME)[0]}
        for code in codes
    }
    return {
        "description": ", ".join(f"`{code}`" for code in codes),
        "content": {"application/json": {"schema": _any_of(codes), "examples": examples}},
    }


def _any_of(codes: list[str]) -> dict[str, Any]:
    """The schema of one code, or of several that share a status: ``error.code`` says which."""
    refs = [{"$ref": f"#/components/schemas/{schema_name(code)}"} for code in codes]
    return refs[0] if len(refs) == 1 else {"oneOf": refs}


def _example(code: str) -> dict[str, Any]:
    return example_of(shape_of(code))
