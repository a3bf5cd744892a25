"""An object storage. Nothing in it is public: without our key, an object is read or written with a signed link to
that object, which expires soon."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO, Protocol

from providers.errors import ProviderRefused


class ObjectMissing(ProviderRefused):
    """There is no object under this key."""


class ObjectTooLarge(ProviderRefused):
    """The object has more bytes than the reader takes."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One object. ``size`` in bytes; ``modified_at`` aware UTC; ``content_type`` is the writer's, and empty in a
    list."""

    key: str
    size: int
    content_type: str
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """Objects by key. ``next`` is the argument of the next call; None: this is the last page."""

    objects: Sequence[Stored]
    next: str | None


@dataclass(frozen=True, slots=True)
class Download:
    """An object that is being read."""

    stored: Stored
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class UploadForm:
    """A form for ``multipart/form-data``: POST to ``url`` all ``fields`` and then the file, in a field named ``file``.
    The storage itself refuses another key, another type, and a file that is too large."""

    url: str
    fields: Mapping[str, str]


class Storage(Protocol):
    """Raises `ProviderUnavailable` when it does not answer: every method may be called again, and writing or removing
    twice has the effect of once. Raises `ProviderRefused` when it refuses."""

    name: str

    async def put(self, key: str, body: bytes | BinaryIO, content_type: str) -> None:
        """Write an object, or replace it. A file is read in a thread, from its present position."""
        ...

    async def head(self, key: str) -> Stored:
        """The metadata of an object. Raises ObjectMissing."""
        ...

    def get(self, key: str) -> AbstractAsyncContextManager[Download]:
        """Read an object in pieces. Raises ObjectMissing on entering."""
        ...

    async def read(self, key: str, most: int) -> bytes:
        """Read a whole object of at most so many bytes. Raises ObjectMissing and ObjectTooLarge."""
        ...

    async def delete(self, key: str) -> None:
        """Remove an object, if it is there."""
        ...

    async def list_page(self, prefix: str, after: str | None = None, limit: int = 1000) -> Page:
        """Objects whose key begins with ``prefix``, by key; ``after`` is ``next`` of the page before."""
        ...

    def upload_form(self, key: str, content_type: str, most: int, lasts: timedelta) -> UploadForm:
        """A form that allows writing this object, of this type and 1 to ``most`` bytes. Computed here, nothing is
        sent."""
        ...

    def link(
        self, key: str, lasts: timedelta, *, content_type: str | None = None, download_as: str | None = None
    ) -> str:
        """A URL that reads this object. ``content_type`` replaces the stored one in the response. With ``download_as``
        a browser saves the object under this name instead of showing it. Computed here, nothing is sent."""
        ...

    async def check(self) -> None:
        """Raise unless the storage answers and has our bucket."""
        ...

    async def aclose(self) -> None:
        """Close connections and threads. No call may follow."""
        ...
