"""A database that is away."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from domain.errors import Unavailable


class UnavailableDatabase:
    """Refuses every unit of work, as `db.engine.session.Database` does when Postgres is gone."""

    @asynccontextmanager
    async def unit_of_work(self, *_asked: Any) -> AsyncIterator[None]:
        raise Unavailable({"dependency": "postgres"})
        yield
