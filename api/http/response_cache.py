"""The response cache: answers to callers without a login, as bytes.

An endpoint declares with :func:`cached` the kind of its answer and its subject. Callers with a login never get a cached
answer, because their answer depends on who they are. Commands and payments do not use the cache. If the cache is
unavailable or slow, every answer comes from Postgres.
"""

import functools
import hashlib
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

import orjson
import structlog
from fastapi import Request
from starlette.responses import Response

from api.access.callers import Access, Caller
from api.http.request_info import request_info
from domain.platform.invalidation import CACHE_FOR, CacheKind
from providers.cache import generations
from providers.cache.generations import Generations
from providers.cache.interface import Cache, CacheUnavailable

Endpoint = Callable[..., Awaitable[Response]]
_Endpoint = TypeVar("_Endpoint", bound=Endpoint)

#: Arguments about the caller and the time; they are not part of the key.
_NOT_ASKED = frozenset({"access", "caller", "now"})
#: Kinds of objects whose business a process remembers.
_MOST_KNOWN = 50_000


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
                return await endpoint(**arguments)
            thing = arguments[about][0] if isinstance(arguments[about], list) else arguments[about]
            return await answers.answer(Question(endpoint, kind, str(thing).lower(), arguments))

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


@dataclass(slots=True)
class Answers:
    """The cached answers, as seen by one process."""

    cache: Cache
    generations: Generations
    build_id: str
    #: The business of each id. A slug, which can change to another business, is read from Postgres every time.
    _whose: dict[str, UUID] = field(default_factory=dict)

    async def answer(self, question: Question) -> Response:
        """From the cache if it is valid, else from Postgres."""
        business_id = self._whose.get(question.thing)
        if business_id is None:
            return await self._learn(question)
        names = generations.names_of(business_id, question.kind)
        name = question.name(self.build_id)
        try:
            *found, value = await self.cache.get_many([*names, name])
        except CacheUnavailable:
            return await question.endpoint(**question.arguments)
        stamp = generations.stamp(found)
        if stamp is None:
            return await self._learn(question)
        if self.generations.behind(names):
            return await question.endpoint(**question.arguments)
        if value is not None and value.startswith(stamp):
            structlog.contextvars.bind_contextvars(business_id=str(business_id))
            return _from_bytes(value[len(stamp) :])
        response = await question.endpoint(**question.arguments)
        if response.status_code == 200 and question.business_of(response) == business_id:
            await self._keep(question.kind, name, stamp + bytes(response.body))
        elif response.status_code == 200:
            self._whose[question.thing] = question.business_of(response)
        return response

    async def _keep(self, kind: CacheKind, name: str, value: bytes) -> None:
        try:
            await self.cache.put(name, value, CACHE_FOR[kind])
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


def _from_bytes(body: bytes) -> Response:
    headers = {"Content-Language": request_info().language.value, "Vary": "Accept-Language"}
    return Response(body, 200, headers, "application/json")
