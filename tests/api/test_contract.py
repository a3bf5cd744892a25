"""Every operation keeps the contract of the OpenAPI document, whatever it is asked: no 5xx, and no status, content type
or body that the document does not name. Asked over a real socket, with a login and without.

A new operation is found by itself. To see one alone, set ``ONLY`` below. Set ``EXAMPLES`` higher to look harder.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.app import openapi_document
from db.engine.session import connect
from providers.cache.interface import Cache
from tests.api.conftest import PASSWORD, PREFIX
from tests.api.http.test_protocol import served
from tests.support import sampling
from tests.support.servers import PostgresServer, copy_of_template

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
#: How many requests an operation gets, of each kind.
EXAMPLES = 3
#: A run asks one of so many shares of the operations with a login, and another one without.
SHARES = 8
#: Asked last of all, so to speak: they would end the login that all others use.
ENDS_THE_LOGIN = {f"POST {PREFIX}/auth/logout", f"POST {PREFIX}/auth/change-password"}
#: Part of an operation's name, for looking at it alone.
ONLY = ""


@dataclass(frozen=True)
class Asked:
    """The API, and somebody's login."""

    url: str
    token: str


@pytest_asyncio.fixture(scope="module")
async def asked(migrated_postgres: PostgresServer, redis_cache: Cache) -> AsyncIterator[Asked]:
    """One API for all operations: Temporal is away, so what needs it says 503."""
    async with copy_of_template(migrated_postgres) as database:
        pool = connect(database.settings())
        away = {"temporal_address": "127.0.0.1:1", "s3_endpoint_url": "http://127.0.0.1:1"}
        try:
            async with (
                served(database, pool, redis_cache, **away) as port,
                httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http,
            ):
                person = {
                    "email": "hanako@b.example",
                    "password": PASSWORD,
                    "family_name": "山田",
                    "given_name": "花子",
                }
                registered = await http.post(f"{PREFIX}/auth/register", json=person)
                assert registered.status_code == 201, registered.text
                login = await http.post(f"{PREFIX}/auth/login", json={k: person[k] for k in ("email", "password")})
                yield Asked(f"http://127.0.0.1:{port}", login.json()["data"]["access_token"])
        finally:
            await pool.close()


def ask(operation: Any, mode: GenerationMode, url: str, headers: dict[str, str]) -> str | None:
    """What is wrong with the operation, if anything."""

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def every(case: Any) -> None:
        # A 503 is an answer: something is away. What a program did wrong is a 500.
        response = case.call(base_url=url, headers={"Accept-Language": "en", **headers}, timeout=20)
        case.validate_response(response, checks=CHECKS[1:] if response.status_code == 503 else CHECKS)

    try:
        every()
    except (Failure, FailureGroup) as failure:
        parts = failure.exceptions if isinstance(failure, FailureGroup) else [failure]
        return f"{operation.method.upper()} {operation.path} ({mode.value}): " + "; ".join(str(one) for one in parts)
    except Unsatisfiable:
        return None  # nothing can be wrong with a request that takes nothing
    return None


async def broken_promises(
    document: dict[str, Any], asked: Asked, *, logged_in: bool, only: str = ONLY, shares: int = 1
) -> list[str]:
    """What is wrong, operation by operation. ``shares``: each run asks one of so many shares of the operations with a
    login, and the others without."""
    schema = schemathesis.openapi.from_dict(document)
    headers = {"Authorization": f"Bearer {asked.token}"} if logged_in else {}
    wrong: list[str] = []
    count = 0
    everything = [found.ok() for found in schema.get_all_operations()]
    for operation in sampling.share(everything, int(logged_in), shares):
        name = f"{operation.method.upper()} {operation.path}"
        if only not in f"{name}@" or name in ENDS_THE_LOGIN:
            continue
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            count += 1
            failure = await asyncio.to_thread(ask, operation, mode, asked.url, headers)
            if failure:
                wrong.append(failure)
    assert count > 1, "nothing was asked"
    return wrong


@pytest.mark.parametrize("logged_in", [True, False])
async def test_operations_keep_the_contract(asked: Asked, logged_in: bool) -> None:
    wrong = await broken_promises(openapi_document(), asked, logged_in=logged_in, shares=SHARES)
    assert not wrong, "\n\n".join(wrong)


async def test_broken_promise_is_seen(asked: Asked) -> None:
    """The control: a status and a body that the document does not name."""
    document = openapi_document()
    del document["paths"][f"{PREFIX}/businesses/{{business_id}}"]["get"]["responses"]["404"]
    [missing] = await broken_promises(document, asked, logged_in=False, only="GET /api/v1/businesses/{business_id}@")
    assert "404" in missing
