"""Links to files that a workflow has written."""

from datetime import datetime
from typing import Self

from pydantic import ConfigDict, Field

from api.http.fields import Output, RecordRead, examples
from domain.platform.files import LINK_LASTS, FileStatus
from providers.storage.interface import Storage


class FileRead(RecordRead):
    """A file that a workflow writes and removes after its time."""

    status: FileStatus = Field(description="`queued`, `ready`, `failed` or `expired`.")
    size: int | None = Field(description="Size in bytes; null until it is ready.")
    ready_at: datetime | None = Field(description="When the file was ready, RFC 3339; null until then.")
    expires_at: datetime | None = Field(description="When the file is deleted, RFC 3339; null until it is ready.")

    @classmethod
    def of(cls, row: object) -> Self:
        """The row of a file."""
        return cls.model_validate({name: getattr(row, name) for name in cls.model_fields})


class FileLinkRead(Output):
    """A link to the file, which works for ten minutes."""

    model_config = ConfigDict(
        json_schema_extra=examples({"url": "https://storage.example/archives/…", "expires_at": "2026-11-21T01:41:00Z"})
    )

    url: str = Field(description="Address of the file. Anybody who has it can read the file.")
    expires_at: datetime = Field(description="Until when the link works, RFC 3339.")

    @classmethod
    def to(cls, storage: Storage, key: str, name: str, now: datetime) -> Self:
        """A link to the object ``key``, which a browser saves as ``name``."""
        return cls(url=storage.link(key, LINK_LASTS, download_as=name), expires_at=now + LINK_LASTS)
