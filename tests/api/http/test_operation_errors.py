"""The errors of an operation follow from its dependencies, its body and what its handler declares."""

from collections.abc import Iterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI
from pydantic import BaseModel

from api.app import openapi_document
from api.http.operation_errors import documented, raises
from api.http.rate_limits import route_facts
from domain.errors import Forbidden, Gone, NotFound
from domain.scheduling.errors import SlotTaken
from tests.support.documented import UndocumentedError, check_documented, documented_codes


@raises(NotFound)
class Lookup:
    """A dependency that is an instance."""

    async def __call__(self) -> None:
        return None


@raises(Forbidden)
async def permission(_: Annotated[None, Depends(Lookup())]) -> None:
    """A dependency with a dependency."""


@raises(SlotTaken)
async def handler() -> None:
    """What an endpoint calls."""


class Body(BaseModel):
    """Something to send."""


def codes_of_the_endpoint() -> dict[str, set[str]]:
    app = FastAPI()

    @app.get("/plain")
    async def plain() -> None: ...

    @app.post("/rich")
    @raises(handler, Gone)
    async def rich(_: Annotated[None, Depends(permission)], body: Body) -> None: ...

    return {facts.template: set(facts.errors) for facts in route_facts(app.routes).values()}


def test_codes_of_an_operation_come_from_dependencies_body_and_handler() -> None:
    codes = codes_of_the_endpoint()
    everywhere = {"malformed", "invalid_input", "rate_limited", "internal_error", "unavailable"}
    assert codes["/plain"] == everywhere
    of_the_body = {"too_large", "too_slow", "unsupported_media_type"}
    assert codes["/rich"] == everywhere | of_the_body | {"forbidden", "not_found", "slot_taken", "gone"}


def test_raises_refuses_a_handler_that_declares_nothing() -> None:
    async def silent() -> None: ...

    with pytest.raises(KeyError):
        raises(silent)


def test_documented_groups_codes_by_status() -> None:
    responses = documented(["not_found", "slot_taken", "wrong_state"])
    assert {status: set(one["content"]["application/json"]["examples"]) for status, one in responses.items()} == {
        "404": {"not_found"},
        "409": {"slot_taken", "wrong_state"},
    }


def answer(method: str, path: str, code: str) -> httpx.Response:
    request = httpx.Request(method, f"http://api.test{path}")
    return httpx.Response(409, json={"error": {"code": code}}, request=request)


async def test_check_documented_fails_for_a_code_that_the_operation_does_not_list() -> None:
    await check_documented(answer("POST", "/api/v1/bookings", "slot_taken"))
    with pytest.raises(UndocumentedError):
        await check_documented(answer("POST", "/api/v1/policies", "slot_taken"))


def test_documented_codes_reads_the_path() -> None:
    fixed = documented_codes("POST", "/api/v1/media/presign")
    assert fixed is not None
    assert "too_large" in fixed
    assert documented_codes("GET", "/api/v1/availability/resources") != documented_codes("GET", "/api/v1/availability")
    assert documented_codes("GET", "/api/v1/nowhere") is None


def schemas_in(node: Any, schemas: dict[str, Any], seen: set[str]) -> Iterator[str]:
    """The names of all schemas that a part of the document leads to."""
    if isinstance(node, dict):
        name = str(node.get("$ref", "")).rpartition("/")[2]
        if name and name not in seen:
            seen.add(name)
            yield name
            yield from schemas_in(schemas[name], schemas, seen)
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from schemas_in(inner, schemas, seen)


def test_operations_that_take_money_document_that_its_currency_can_be_refused() -> None:
    document, silent, asked = openapi_document(), [], 0
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            taken = set(schemas_in(operation.get("requestBody"), document["components"]["schemas"], set()))
            if "MoneyWrite" in taken:
                asked += 1
                codes = documented_codes(method.upper(), path) or frozenset()
                silent += [] if "currency_mismatch" in codes else [f"{method} {path}"]
    assert asked >= 6
    assert not silent
