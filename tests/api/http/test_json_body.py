"""Bodies that are no JSON, or JSON that two readers would understand in two ways."""

import json
from typing import Any

import pytest
from httpx import AsyncClient, Response

from api.http import json_body
from api.http.json_body import MAX_DEPTH, check_json
from domain.errors import Malformed
from tests.api.access.test_permissions import api_routes, name_of, the_app
from tests.api.conftest import PREFIX, error_of
from tests.support.servers import Database

LOGIN = f"{PREFIX}/auth/login"


@pytest.fixture
def database(shared_database: Database) -> Database:
    """No request here writes anything."""
    return shared_database


async def sent(client: AsyncClient, body: bytes, content_type: str = "application/json") -> Response:
    return await client.post(LOGIN, content=body, headers={"Content-Type": content_type})


def nested(depth: int, opening: str = "[", closing: str = "]") -> str:
    return opening * depth + closing * depth


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        pytest.param(b'{"email": "a@b.example", "email": "c@b.example"}', "duplicate_key", id="twice"),
        pytest.param(b'{"email": "a@b.example", "\\u0065mail": "c@b.example"}', "duplicate_key", id="twice, escaped"),
        pytest.param(b'{"email": [{"a": 1, "a": 1}]}', "duplicate_key", id="twice, deep inside"),
        pytest.param(nested(MAX_DEPTH + 1).encode(), "depth", id="one too deep"),
        pytest.param((nested(MAX_DEPTH, '{"a":[', "1]}")).encode(), "json", id="no commas"),
        pytest.param(('{"a":' * 65 + "1" + "}" * 65).encode(), "depth", id="objects"),
        pytest.param(nested(990).encode(), "depth", id="near the parser's own limit"),
        pytest.param(nested(100_000).encode(), "depth", id="beyond the parser's own limit"),
        pytest.param(b"[" * 100_000, "depth", id="never closed"),
        pytest.param(b'{"email": NaN}', "number", id="not a number"),
        pytest.param(b'{"email": -Infinity}', "number", id="infinite"),
        pytest.param(b'{"email": 1e400}', "number", id="beyond a float"),
        pytest.param(b'{"email": -1e400}', "number", id="below a float"),
        pytest.param(b'{"email": ' + b"9" * 5000 + b"}", "number", id="more digits than Python reads"),
        pytest.param(b'{"email": "\xff"}', "json", id="no UTF-8"),
        pytest.param(b'{"email": "\xed\xa0\x80"}', "json", id="half a character in UTF-8"),
        pytest.param(b'{"email": "\xc0\xaf"}', "json", id="overlong UTF-8"),
        pytest.param(b"\xef\xbb\xbf{}", "json", id="byte order mark"),
        pytest.param('{"email": "a"}'.encode("utf-16"), "json", id="UTF-16"),
        pytest.param('{"email": "a"}'.encode("utf-16-le"), "json", id="UTF-16 without a mark"),
        pytest.param('{"email": "a"}'.encode("utf-32"), "json", id="UTF-32"),
        pytest.param(b'{"email": "a"} {}', "json", id="two values"),
        pytest.param(b'{"email": "a",}', "json", id="comma at the end"),
        pytest.param(b"{'email': 'a'}", "json", id="single quotes"),
        pytest.param(b'{"email": 01}', "json", id="leading zero"),
        pytest.param(b'{"email": "\n"}', "json", id="bare line end in a text"),
        pytest.param(b'{"email": "a" /* b */}', "json", id="comment"),
        pytest.param(b'{"email": "a', "json", id="ends in a text"),
        pytest.param(b" \n", "json", id="nothing"),
    ],
)
async def test_malformed_body_is_refused_with_the_rule(client: AsyncClient, body: bytes, rule: str) -> None:
    for content_type in ("application/json", "application/merge-patch+json; charset=utf-16"):
        answer = await sent(client, body, content_type)
        assert error_of(answer) == (400, "malformed"), answer.text
        assert answer.json()["error"]["details"] == {"rule": rule}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(nested(MAX_DEPTH).encode(), id="as deep as is allowed"),
        pytest.param(b"[" + b"[]," * 5000 + b"[]]", id="wide"),
        pytest.param(json.dumps({"email": "[" * 500 + '\\"{' * 500}).encode(), id="brackets in a text"),
        pytest.param(b'{"email": {"a": 1}, "password": {"a": 1}}', id="one key in two objects"),
        pytest.param(b'{"email": 1e308, "password": -0.0}', id="large number"),
        pytest.param(b'{"email": 99999999999999999999, "password": 1}', id="beyond 64 bits"),
        pytest.param('{"email": "\U0001f338"}'.encode(), id="beyond the first plane"),
    ],
)
async def test_proper_json_reaches_the_schema(client: AsyncClient, body: bytes) -> None:
    assert error_of(await sent(client, body)) == (422, "invalid_input")


async def test_body_in_pieces_is_read_as_one(client: AsyncClient) -> None:
    async def pieces() -> Any:
        for piece in (b'{"email": "a@b.example', b'", "password": "x", "pass', b'word": "y"}'):
            yield piece

    answer = await client.post(LOGIN, content=pieces(), headers={"Content-Type": "application/json"})
    assert error_of(answer) == (400, "malformed")
    assert answer.json()["error"]["details"] == {"rule": "duplicate_key"}


async def test_operations_with_a_body_refuse_a_repeated_key(client: AsyncClient) -> None:
    asked = 0
    for route in api_routes(the_app()):
        method, path = name_of(route).split()
        if route.body_field is None:
            continue
        form = "multipart" in type(route.body_field.field_info).__name__.lower()
        answer = await client.request(
            method, path, content=b'{"a": 1, "a": 2}', headers={"Content-Type": "application/json"}
        )
        assert error_of(answer) == (400, "malformed") or form, (path, answer.text)
        asked += 1
    assert asked > 30


def test_text_that_never_ends_is_refused_before_its_end_is_searched_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search takes time that grows with the square of such a body."""

    def searched(_: str) -> bool:
        raise AssertionError("searched")

    monkeypatch.setattr(json_body, "_is_deep", searched)
    with pytest.raises(Malformed):
        check_json(b"[" * 70 + b'["' + b'\\"' * 1000)
