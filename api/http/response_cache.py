"""The response cache: answers to callers without a login, as bytes.

An endpoint declares with :func:`cached` the kind of its answer and its subject. Callers with a login never get a cached
answer, because their answer depends on who they are. Commands and payments do not use the cache. If the cache is
unavailable or slow, every answer comes from Postgres.

A request that was answered before, byte for byte, is counted and answered with one question to Redis, before its
parameters are read again (:func:`answer_repeated`).
"""

import functools
import hashlib
import inspect
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

import orjson
import structlog
from fastapi import Request
from starlette.responses import Response

from api.access import guest_links
from api.access.callers import Access, Caller
from api.http.local_answers import LocalAnswer, LocalAnswers, compressed
from api.http.rate_limits import RateClass, class_of, note_count, uncounted_window
from api.http.request_info import Language, request_info
from domain.platform.invalidation import CACHE_FOR, CacheKind
from providers.cache import generations
from providers.cache.generations import Generations
from providers.cache.interface import Cache, CacheUnavailable

Endpoint = Callable[..., Awaitable[Response]]
_Endpoint = TypeVar("_Endpoint", bound=Endpoint)

#: Arguments about the caller and the time; they are not part of the key.
_NOT_ASKED = frozenset({"access", "caller", "now"})
#: Kinds of objects whose business a process remembers, and requests that it recognises.
_MOST_KNOWN = 50_000
_MOST_REPEATED = 20_000
#: Bytes of a query that is recognised. Blanks around a number are allowed, so a query can be of any length.
_LONGEST_QUERY = 1000
#: Headers that may say who asks.
_ABOUT_THE_CALLER = ("authorization", "cookie", guest_links.HEADER, guest_links.WAITLIST_HEADER)
#: Bytes of the end of a stored answer.
_END_WIDTH = 8


def cached(kind: CacheKind, about: str) -> Callable[[_Endpoint], Endpoint]:
    """Declare that the answer may be cached; it goes below the ``@router`` line. ``about`` names the parameter with the
    business (an id or slug) or an object of it (of a list, the first counts). The endpoint's caller is its parameter
    ``access`` or ``caller``."""

    def declare(endpoint: _Endpoint) -> Endpoint:
        signature = inspect.signature(endpoint)
        request = inspect.Parameter("request", inspect.Parameter.KEYWORD_ONLY, annotation=Request)

        @functools.wraps(endpoint)
        async def answer(*, request: Request, **arguments: Any) -> Response:
            answers: Answers | None = request.app.state.answers
            caller: Caller = arguments.get("access") or arguments["caller"]
            if answers is None or caller.login is not None or arguments[about] is None:
                return compressed(await endpoint(**arguments), request.headers)
            thing = arguments[about][0] if isinstance(arguments[about], list) else arguments[about]
            question = Question(endpoint, kind, str(thing).lower(), arguments)
            return compressed(await answers.answer(question, request), request.headers)

        answer.__signature__ = signature.replace(  # type: ignore[attr-defined]
            parameters=[*signature.parameters.values(), request]
        )
        return answer

    return declare


@dataclass(frozen=True, slots=True)
class Question:
    """A request without a login: the endpoint with its parsed arguments."""

    endpoint: Endpoint
    kind: CacheKind
    thing: str
    arguments: dict[str, Any]

    def name(self, build_id: str) -> str:
        """The key of its answer; requests with the same meaning have the same key. It contains the release, because
        another release gives other answers."""
        asked = sorted((name, repr(value)) for name, value in self.arguments.items() if name not in _NOT_ASKED)
        words = repr((build_id, self.endpoint.__module__, request_info().language.value, asked)).encode()
        return f"answer:{self.endpoint.__name__}:{hashlib.blake2b(words, digest_size=20).hexdigest()}"

    def business_of(self, response: Response) -> UUID:
        """The business that the answer belongs to."""
        caller = self.arguments.get("access")
        if isinstance(caller, Access):
            return caller.business_id
        return UUID(orjson.loads(response.body)["data"]["id"])


@dataclass(frozen=True, slots=True)
class _Repeated:
    """A request that was answered from the cache: what a repeat of it needs."""

    business_id: UUID
    generations: list[str]
    name: str


#: What a request is recognised by: path, query and language.
_Asked = tuple[str, bytes, Language]


@dataclass(slots=True)
class Answers:
    """The cached answers, as seen by one process."""

    cache: Cache
    generations: Generations
    build_id: str
    #: The business of each id or slug. A former slug of a business is never given to another one.
    _whose: dict[str, UUID] = field(default_factory=dict)
    _local: LocalAnswers = field(default_factory=LocalAnswers)
    _repeated: dict[_Asked, _Repeated] = field(default_factory=dict)

    async def answer(self, question: Question, request: Request) -> Response:
        """From the cache if it is valid, else from Postgres."""
        business_id = self._whose.get(question.thing)
        if business_id is None:
            return await self._learn(question)
        names = generations.names_of(business_id, question.kind)
        repeated = _Repeated(business_id, names, question.name(self.build_id))
        try:
            *found, value = await self.cache.get_many([*names, repeated.name])
        except CacheUnavailable:
            return await question.endpoint(**question.arguments)
        stamp = generations.stamp(found)
        if stamp is None:
            return await self._learn(question)
        if self.generations.behind(names):
            return await question.endpoint(**question.arguments)
        held = _read(stamp, value)
        if held is not None:
            structlog.contextvars.bind_contextvars(business_id=str(business_id))
            return self._hold(request, repeated, held)
        response = await question.endpoint(**question.arguments)
        if response.status_code == 200 and question.business_of(response) == business_id:
            held = LocalAnswer(stamp, bytes(response.body), time.time() + CACHE_FOR[question.kind].total_seconds())
            await self._keep(question.kind, repeated.name, held)
            return self._hold(request, repeated, held)
        if response.status_code == 200:
            self._whose[question.thing] = question.business_of(response)
        return response

    async def repeat(self, request: Request, rate_class: RateClass) -> Response | None:
        """Count and answer a request that was answered before; None if it must be counted and answered as any other.
        Raises RateLimited."""
        known = self._repeated.get(_asked(request))
        held = self._local.get(known.name, time.time()) if known is not None else None
        if known is None or held is None or any(header in request.headers for header in _ABOUT_THE_CALLER):
            return None
        window = uncounted_window(request, rate_class)
        try:
            counted, found = await self.cache.count_and_get([window] if window else [], known.generations)
        except CacheUnavailable:
            return None
        if window is not None:
            note_count(request, rate_class, window, counted[0])
        if generations.stamp(found) != held.stamp or self.generations.behind(known.generations):
            return None
        structlog.contextvars.bind_contextvars(business_id=str(known.business_id))
        return held.response(request.headers, request_info().language)

    def _hold(self, request: Request, repeated: _Repeated, held: LocalAnswer) -> Response:
        self._local.put(repeated.name, held)
        if len(self._repeated) >= _MOST_REPEATED:
            self._repeated.clear()
        if len(request.scope["query_string"]) <= _LONGEST_QUERY:
            self._repeated[_asked(request)] = repeated
        return held.response(request.headers, request_info().language)

    async def _keep(self, kind: CacheKind, name: str, held: LocalAnswer) -> None:
        try:
            await self.cache.put(name, _written(held), CACHE_FOR[kind])
        except CacheUnavailable:
            return

    async def _learn(self, question: Question) -> Response:
        """Answer from Postgres, and create the generations that are missing for caching."""
        response = await question.endpoint(**question.arguments)
        if response.status_code == 200:
            business_id = question.business_of(response)
            if len(self._whose) >= _MOST_KNOWN:
                self._whose.clear()
            self._whose[question.thing] = business_id
            names = generations.names_of(business_id, question.kind)
            try:
                await generations.begin(self.cache, names, await self.cache.get_many(names))
            except CacheUnavailable:
                return response
        return response


def _asked(request: Request) -> _Asked:
    return request.scope["path"], request.scope["query_string"], request_info().language


def _written(held: LocalAnswer) -> bytes:
    """As it is stored in Redis: stamp, end in milliseconds, body."""
    return held.stamp + int(held.until * 1000).to_bytes(_END_WIDTH) + held.body


def _read(stamp: bytes, value: bytes | None) -> LocalAnswer | None:
    """The stored answer, if it was made under these generations."""
    if value is None or not value.startswith(stamp):
        return None
    end = len(stamp) + _END_WIDTH
    return LocalAnswer(stamp, value[end:], int.from_bytes(value[len(stamp) : end]) / 1000)


async def answer_repeated(request: Request) -> Response | None:
    """The answer to a request that was answered from the cache before. Raises RateLimited."""
    answers: Answers | None = request.app.state.answers
    if answers is None or request.method != "GET":
        return None
    return await answers.repeat(request, class_of(request.scope))
