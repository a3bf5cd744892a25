"""Every code has a meaning in both languages, and every refusal the shape that its reader asked for."""

from uuid import UUID

from httpx import AsyncClient

from api.http.error_sentences import title
from api.http.error_texts import MEANINGS
from api.http.request_info import Language, RequestInfo, language_from, new_request_id
from tests.api.conftest import PREFIX, error_of


def test_error_texts_are_in_both_languages() -> None:
    for code, meaning in MEANINGS.items():
        assert 400 <= meaning.status <= 503, code
        assert any(ord(character) > 0x3000 for character in meaning.ja), code
        assert meaning.en.isascii(), code
        assert (title(code, Language.JA), title(code, Language.EN)) == (meaning.ja, meaning.en)


async def test_language_of_an_error(client: AsyncClient) -> None:
    path = f"{PREFIX}/auth/me"
    japanese = await client.get(path, headers={"Accept-Language": "ja-JP,ja;q=0.9,en;q=0.8"})
    english = await client.get(path, headers={"Accept-Language": "en-US"})
    assert japanese.json()["message"] == japanese.json()["error"]["message"] == MEANINGS["unauthenticated"].ja
    assert english.json()["message"] == MEANINGS["unauthenticated"].en
    assert japanese.headers["content-language"] == "ja"
    assert error_of(japanese) == error_of(english)


async def test_problem_json(client: AsyncClient) -> None:
    accept = {"Accept": "application/problem+json", "X-Request-ID": "abc"}
    answer = await client.get(f"{PREFIX}/auth/me", headers=accept)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    stamp = problem.pop("timestamp")
    assert stamp.endswith("Z")
    assert problem == {
        "type": "urn:omotenashi:error:unauthenticated",
        "title": MEANINGS["unauthenticated"].en,
        "status": 401,
        "detail": MEANINGS["unauthenticated"].en,
        "code": "unauthenticated",
        "details": {"reason": "no_token"},
        "requestId": "abc",
    }


def test_accept_language() -> None:
    wanted = {
        None: "ja",
        "": "ja",
        "en": "en",
        "EN-us": "en",
        "ja": "ja",
        "fr": "ja",
        "fr, en;q=0.1": "en",
        "en;q=0.5, ja;q=0.6": "ja",
        "en;q=0.6, ja;q=0.5": "en",
        "*": "ja",
        "ja;q=0, *": "en",
        "en;q=0": "ja",
        "en;q=nonsense": "ja",
        "en;q=nan": "ja",
        "en;q=2": "ja",
        ";;;,,=": "ja",
        "ja;q=0.1,en-GB;q=0.2,en;q=0.05": "en",
    }
    assert {header: language_from(header).value for header in wanted} == wanted


def test_request_ids_are_version_7_uuids_in_order() -> None:
    made = [UUID(new_request_id().removeprefix("req_")) for _ in range(50)]
    assert {one.version for one in made} == {7}
    assert len(set(made)) == 50
    assert [one.int >> 80 for one in made] == sorted(one.int >> 80 for one in made)
    assert RequestInfo().request_id != RequestInfo().request_id
