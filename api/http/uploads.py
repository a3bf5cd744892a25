"""File uploads: through the API as a form, or directly to the storage with a ticket."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Any, BinaryIO, Self

from pydantic import BeforeValidator, ConfigDict, Field
from python_multipart.exceptions import FormParserError
from starlette.datastructures import FormData, UploadFile
from starlette.requests import ClientDisconnect, Request

from api.http.fields import Output, examples
from api.http.operation_errors import BODY_ERRORS, raises
from domain.errors import InvalidInput, Malformed, TooLarge, UnsupportedMediaType
from domain.media.files import FIRST_BYTES, FileType, announced_type, has_ending, is_announced, type_of
from providers.storage.interface import Storage

#: The file's field in a form, here and at the storage.
FIELD = "file"
#: How long a ticket is valid.
TICKET_LASTS = timedelta(minutes=15)
_FORM = "multipart/form-data"


def _usual_name(media_type: object) -> object:
    return announced_type(media_type) if isinstance(media_type, str) else media_type


#: For the media type of an upload ticket: ``image/jpg`` is read as ``image/jpeg``.
USUAL_NAME = BeforeValidator(_usual_name)

#: ``openapi_extra`` of an operation that takes one file.
FILE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            _FORM: {
                "schema": {
                    "type": "object",
                    "required": [FIELD],
                    "additionalProperties": False,
                    "properties": {FIELD: {"type": "string", "contentMediaType": "application/octet-stream"}},
                },
                "example": {FIELD: "salon.jpg"},
            }
        },
    }
}


@dataclass(frozen=True, slots=True)
class Received:
    """One complete uploaded file; on disk if larger than a megabyte, deleted after the request. ``size`` in bytes."""

    file: BinaryIO
    type: FileType
    size: int


@raises(*BODY_ERRORS)
@asynccontextmanager
async def received(request: Request, most: int, types: Collection[FileType]) -> AsyncIterator[Received]:
    """The file in the field ``file`` of the request's form, at most ``most`` bytes and of one of ``types``, recognised
    by its first bytes; its name and announced type must not differ from them.

    Raises Malformed, also for a body that was cut off; UnsupportedMediaType, TooLarge, InvalidInput.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise UnsupportedMediaType({"supported": [_FORM]})
    try:
        form = await request.form(max_files=1, max_fields=4)
    except ClientDisconnect:
        raise Malformed({"rule": "cut_off"}) from None
    except FormParserError:
        raise Malformed({"rule": "form"}) from None
    try:
        yield await _checked(form, most, types)
    finally:
        await form.close()


async def _checked(form: FormData, most: int, types: Collection[FileType]) -> Received:
    upload = form.get(FIELD)
    if not isinstance(upload, UploadFile) or len(form.multi_items()) > 1:
        raise InvalidInput.at(FIELD, "one_file")
    size = upload.size or 0
    if size > most:
        raise TooLarge({"limit": most})
    if size == 0:
        raise InvalidInput.at(FIELD, "empty")
    found = type_of(await upload.read(FIRST_BYTES))
    if found is None or found not in types:
        raise UnsupportedMediaType({"supported": sorted(types)})
    if not is_announced(found, upload.content_type or ""):
        raise InvalidInput.at(FIELD, "another_type")
    if not has_ending(found, PurePosixPath(upload.filename or "").suffix):
        raise InvalidInput.at(FIELD, "another_ending")
    await upload.seek(0)
    return Received(upload.file, found, size)


class UploadTicketRead(Output):
    """POST to ``url`` a form with all ``fields`` and then the file in a field named ``file``, before ``expires_at``.
    The storage refuses another type and more than ``max_bytes``."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "url": "https://files.example.jp/omotenashi",
                "fields": {"key": "uploads/5f0c", "Content-Type": "image/jpeg", "policy": "eyJ…", "…": "…"},
                "max_bytes": 10485760,
                "expires_at": "2026-11-21T01:45:00Z",
            }
        )
    )

    url: str = Field(description="URL to which the form is posted.")
    fields: dict[str, str] = Field(description="Form fields to send before the file, by name.")
    max_bytes: int = Field(description="The largest file that is taken.")
    expires_at: datetime = Field(description="When it expires, RFC 3339.")

    @classmethod
    async def of(cls, storage: Storage, key: str, file_type: FileType, most: int, now: datetime) -> Self:
        """A ticket for one file of one type at one key of the storage."""
        form = await asyncio.to_thread(storage.upload_form, key, file_type.value, most, TICKET_LASTS)
        return cls(url=form.url, fields=dict(form.fields), max_bytes=most, expires_at=now + TICKET_LASTS)
