"""The people of the demo: clients of the public API over HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from stack.demo.expectations import Unexpected

PASSWORD = "Sakura-2026-demo"  # noqa: S105 - of a temporary stack


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the API."""

    status: int
    body: Mapping[str, Any]

    @property
    def data(self) -> Any:
        """The data of a successful answer."""
        return self.body.get("data")

    @property
    def code(self) -> str | None:
        """Of an error."""
        error = self.body.get("error")
        return error.get("code") if isinstance(error, dict) else None

    @property
    def details(self) -> Mapping[str, Any]:
        """Of an error."""
        error = self.body.get("error")
        return (error.get("details") or {}) if isinstance(error, dict) else {}

    def __str__(self) -> str:
        return f"HTTP {self.status} {self.code or ''} {dict(self.details) or self.body.get('message', '')}"


class Person:
    """A client of the API; ``language`` is ja or en. Anonymous until :meth:`join`."""

    def __init__(self, http: httpx.AsyncClient, name: str, language: str = "ja") -> None:
        self._http = http
        self.name = name
        self.email = f"{name.lower()}@example.jp"
        self.language = language
        self.id = ""
        self._token: str | None = None

    async def join(self, family_name: str, given_name: str) -> None:
        """Register and log in."""
        account = {
            "email": self.email,
            "password": PASSWORD,
            "family_name": family_name,
            "given_name": given_name,
            "language": self.language,
        }
        self.id = (await self.post("/auth/register", account))["id"]
        await self.log_in()

    async def log_in(self) -> None:
        """Log in again, for a token with the present rights."""
        login = await self.post("/auth/login", {"email": self.email, "password": PASSWORD})
        self._token = login["access_token"]

    async def ask(self, method: str, path: str, body: object = None, params: Mapping[str, Any] | None = None) -> Answer:
        """Send a request; returns any answer. Every POST has an idempotency key of its own."""
        headers = {"Accept-Language": self.language}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        if method == "POST":
            headers["Idempotency-Key"] = uuid4().hex
        try:
            response = await self._http.request(method, f"/api/v1{path}", json=body, params=params, headers=headers)
            return Answer(response.status_code, response.json())
        except (httpx.HTTPError, ValueError) as error:
            raise Unexpected(f"an answer to {method} {path}", repr(error)) from error

    async def get(self, path: str, **params: Any) -> Any:
        """The data of a 200."""
        return await self._succeed("GET", path, None, params or None)

    async def post(self, path: str, body: object = None) -> Any:
        """The data of a success."""
        return await self._succeed("POST", path, body if body is not None else {}, None)

    async def put(self, path: str, body: object) -> Any:
        """The data of a success."""
        return await self._succeed("PUT", path, body, None)

    async def _succeed(self, method: str, path: str, body: object, params: Mapping[str, Any] | None) -> Any:
        answer = await self.ask(method, path, body, params)
        if not 200 <= answer.status < 300:
            raise Unexpected(f"{method} {path} to succeed for {self.name}", answer)
        return answer.data
