"""A request that was answered before: one question to Redis, the same limits, and nobody else's answer."""

import gzip
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from starlette.datastructures import Headers

from api.http import local_answers
from api.http.local_answers import LocalAnswer, LocalAnswers, accepts_gzip
from api.http.request_info import Language
from domain.platform.rate_limits import RateLimit
from providers.cache.interface import Cache, CacheUnavailable
from tests.api.conftest import Clock, error_of
from tests.api.http.cached import Process, process
from tests.api.http.response_cache.conftest import asked, essence
from tests.api.salon import StaffedSalon
from tests.support.servers import Database


class Spied:
    """A cache that writes down what it is asked, and answers nothing while ``away``."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self.calls: list[str] = []
        self.away = False

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._cache, name)

        async def call(*arguments: Any) -> Any:
            self.calls.append(name)
            if self.away:
                raise CacheUnavailable
            return await method(*arguments)

        return call if name in {"get", "put", "get_many", "put_new", "count", "count_and_get"} else method


async def test_repeated_request_asks_redis_once(
    database: Database, clock: Clock, cache: Cache, here: Process, salon: StaffedSalon
) -> None:
    spied = Spied(cache)
    async with process(database, clock, spied) as one:  # type: ignore[arg-type]
        for name, path in (await asked(one, salon)).items():
            truth = essence(await one.warm(path))
            spied.calls.clear()
            one.statements.clear()
            assert essence(await one.ask(path)) == truth, name
            assert spied.calls == ["count_and_get"], name
            assert one.statements.sent == [], name


async def test_repeated_request_is_counted(
    database: Database, clock: Clock, cache: Cache, here: Process, salon: StaffedSalon
) -> None:
    five = RateLimit(5, timedelta(minutes=10))
    async with process(database, clock, cache, rate_limit_standard=five) as one:
        path = (await asked(one, salon))["get_business"]
        answers = [await one.ask(path, **{"X-Forwarded-For": "203.0.113.77"}) for _ in range(7)]
        left = [answer.headers["x-ratelimit-remaining"] for answer in answers]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
        assert left == ["4", "3", "2", "1", "0", "0", "0"]
        assert error_of(answers[-1])[1] == "rate_limited"


async def test_repeated_request_without_redis_comes_from_postgres(
    database: Database, clock: Clock, cache: Cache, here: Process, salon: StaffedSalon
) -> None:
    spied = Spied(cache)
    async with process(database, clock, spied) as one:  # type: ignore[arg-type]
        path = (await asked(one, salon))["get_hours"]
        truth = essence(await one.warm(path))
        spied.away = True
        one.statements.clear()
        assert essence(await one.ask(path)) == truth
        assert one.statements.sent


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic x"},
        {"X-Booking-Token": "wrong"},
        {"X-Waitlist-Token": "wrong"},
    ],
)
async def test_repeated_request_with_a_proof_is_judged_by_it(
    database: Database, clock: Clock, cache: Cache, here: Process, salon: StaffedSalon, headers: dict[str, str]
) -> None:
    spied = Spied(cache)
    async with process(database, clock, spied) as one:  # type: ignore[arg-type]
        path = (await asked(one, salon))["get_availability"]
        await one.warm(path)
        fresh = f"{path}&party_size=1"  # asked for the first time: nothing of it is cached
        expected = await one.ask(fresh, **headers)
        spied.calls.clear()
        assert (await one.ask(path, **headers)).status_code == expected.status_code
        assert "count_and_get" not in spied.calls  # which only answers a repeated request


async def test_repeated_request_in_another_language_has_its_own_answer(here: Process, salon: StaffedSalon) -> None:
    path = (await asked(here, salon))["get_business"]
    for language in ("ja", "en", "ja", "en"):
        answer = await here.warm(path, **{"Accept-Language": language})
        assert answer.headers["content-language"] == language


async def test_repeated_requests_with_long_queries_are_not_remembered(here: Process, salon: StaffedSalon) -> None:
    path = (await asked(here, salon))["list_business_services"]
    truth = essence(await here.warm(path))
    assert essence(await here.warm(path.replace("limit=", "limit=" + "+" * 10_000))) == truth
    assert [len(query) < 1000 for _, query, _ in here.app.state.answers._repeated] == [True]


async def test_repeated_answer_ends_when_its_time_is_over(here: Process, salon: StaffedSalon) -> None:
    path = (await asked(here, salon))["get_availability"]
    await here.warm(path)
    kept = here.app.state.answers
    [known] = kept._repeated.values()
    held = kept._local.get(known.name, 0)
    assert held is not None
    assert kept._local.get(known.name, held.until) is None
    # Redis ends it, too: the end is that of the answer, not of the copy.
    value = await here.cache.get(known.name)
    assert value is not None
    assert int.from_bytes(value[len(held.stamp) : len(held.stamp) + 8]) == int(held.until * 1000)


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("gzip", True),
        ("gzip, deflate, br", True),
        ("br;q=1.0, GZIP;q=0.8", True),
        ("gzip;q=0", False),
        ("gzip;q=0.000, br", False),
        ("gzip;q=0.001", True),
        ("x-gzipped", False),
        ("deflate", False),
        ("", False),
    ],
)
def test_accepts_gzip_reads_the_header(header: str, accepted: bool) -> None:
    assert accepts_gzip(header) is accepted


def test_local_answer_is_compressed_for_a_client_that_accepts_it() -> None:
    body = b'{"a": "long"}' * 1000
    answer = LocalAnswer(b"", body, 1)
    zipped = answer.response(Headers({"accept-encoding": "gzip"}), Language.JA)
    assert gzip.decompress(zipped.body) == body
    assert len(zipped.body) < len(body) / 20
    assert zipped.headers["content-encoding"] == "gzip"
    plain = answer.response(Headers({}), Language.JA)
    assert (plain.body, plain.headers.get("content-encoding")) == (body, None)
    short = LocalAnswer(b"", b"{}", 1).response(Headers({"accept-encoding": "gzip"}), Language.JA)
    assert short.body == b"{}"
    assert {one.headers["vary"] for one in (zipped, plain, short)} == {"Accept-Language, Accept-Encoding"}


async def test_answer_that_nobody_holds_is_compressed_too(here: Process, salon: StaffedSalon) -> None:
    """The first answer of a question, and every answer to a login."""
    day = salon.day.date()
    path = f"/availability?service_id={salon.ids.service_id}&from={day}&to={day + timedelta(days=20)}"
    plain = await here.ask(path, **{"Accept-Encoding": "identity"})
    for person in (here.nobody, salon.customer.http):
        zipped = await person.get(f"/api/v1{path}&party_size=1", headers={"Accept-Encoding": "gzip"})
        assert zipped.headers["content-encoding"] == "gzip"
        assert int(zipped.headers["content-length"]) < len(plain.content) / 5
        assert zipped.json() == plain.json()
        assert zipped.headers["vary"] == plain.headers["vary"] == "Accept-Language, Accept-Encoding"
    refused = await here.ask(f"/availability?service_id={day}&from={day}&to={day}", **{"Accept-Encoding": "gzip"})
    assert (refused.status_code, refused.headers.get("content-encoding")) == (422, None)


def _sizes(answers: LocalAnswers, names: Sequence[str]) -> list[bool]:
    return [answers.get(name, 0) is not None for name in names]


def test_local_answers_let_the_longest_unused_go() -> None:
    answers = LocalAnswers(most_bytes=3 * LocalAnswer(b"", b"x" * 1000, 1).size)
    for name in "abc":
        answers.put(name, LocalAnswer(b"", b"x" * 1000, 1))
    assert answers.get("a", 0)
    answers.put("d", LocalAnswer(b"", b"x" * 1000, 1))
    assert _sizes(answers, "abcd") == [True, False, True, True]
    answers.put("a", LocalAnswer(b"", b"y", 1))
    answers.put("e", LocalAnswer(b"", b"y", 1))
    assert _sizes(answers, "acde") == [True] * 4
    answers.put("c", LocalAnswer(b"", b"x" * local_answers.MOST_BYTES, 1))
    assert _sizes(answers, "acde") == [True, False, True, True]
