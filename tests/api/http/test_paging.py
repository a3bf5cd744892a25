"""Cursors."""

from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient

from api.http.paging import Page, encode_cursor, page
from domain.errors import Malformed
from tests.api.conftest import PREFIX, error_of, rules_of


async def test_cursor_says_the_key_back() -> None:
    key = uuid4()
    asked = await page(encode_cursor(key), 5)
    assert (asked.after_id, asked.limit, asked.fetch) == (key, 5, 6)
    two = await page(encode_cursor("2026-11-21T10:00:00+09:00", key), 5)
    assert two.after(str, UUID) == ("2026-11-21T10:00:00+09:00", key)
    with pytest.raises(Malformed):
        _ = two.after_id


def test_first_page_has_no_cursor() -> None:
    assert Page(20, None).after_id is None
    assert Page(20, None).after(UUID) is None


async def test_broken_cursors_and_limits(client: AsyncClient) -> None:
    path = f"{PREFIX}/businesses"
    broken = ("x", "%%%", "bm9uc2Vuc2U", encode_cursor("no-uuid"), encode_cursor(uuid4(), uuid4()), "é")
    for cursor in broken:
        answer = await client.get(path, params={"cursor": cursor})
        assert error_of(answer) == (400, "malformed"), cursor
        assert answer.json()["error"]["details"]["field"] == "cursor"
    for limit, rule in (("0", "greater_than_equal"), ("101", "less_than_equal"), ("ten", "int_parsing")):
        assert rules_of(await client.get(path, params={"limit": limit})) == {("limit", rule)}
    assert (await client.get(path, params={"limit": "100"})).json()["meta"]["limit"] == 100
