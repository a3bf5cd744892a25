"""Pictures and films."""

from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from api.http.fields import BilingualRead, BilingualWrite, ChangedRecordRead, Changes, Input, Output, examples
from api.http.uploads import USUAL_NAME, UploadTicketRead
from db.media.media import MediaRow
from domain.media.files import FileType, MediaKind
from domain.media.status import MediaStatus, Rejection
from providers.storage.interface import Storage

#: How long a link to a published file is valid.
LINK_LASTS = timedelta(hours=1)
_ID = "019a0c5e-9f3b-7c21-b5d4-a9e1f2036c58"
_BUSINESS = "019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58"
_CAPTIONS = {"ja": "店内の様子", "en": "Inside the salon"}

MediaType = Literal["image/jpeg", "image/png", "image/gif", "image/webp", "video/mp4", "video/webm"]


def _each_once(ids: list[UUID]) -> list[UUID]:
    if len(set(ids)) != len(ids):
        raise PydanticCustomError("each_once", "each once")
    return ids


class PresignMediaCommand(Input):
    """A file that is to be sent to the storage itself. ``size`` in bytes."""

    model_config = ConfigDict(
        json_schema_extra=examples({"business_id": _BUSINESS, "content_type": "image/jpeg", "size": 483211})
    )

    business_id: UUID = Field(description="Id of the business (UUID).")
    content_type: Annotated[MediaType, USUAL_NAME] = Field(description="Media type of the file, such as `image/jpeg`.")
    size: int = Field(ge=1, le=2**40, description="Size in bytes.")

    def type(self) -> FileType:
        """As the domain has it."""
        return FileType(self.content_type)


class MediaUpdate(Changes):
    """What is to be different. ``featured`` takes it from the one that had it; ``captions`` null removes them."""

    model_config = ConfigDict(json_schema_extra=examples({"captions": _CAPTIONS, "featured": True}))
    erasable: ClassVar[frozenset[str]] = frozenset({"captions"})

    captions: BilingualWrite | None = Field(default=None, description="Caption in Japanese, English or both.")
    featured: bool | None = Field(default=None, description="Whether it is shown first.")

    def columns(self) -> dict[str, Any]:
        """The columns that change."""
        columns: dict[str, Any] = {} if self.featured is None else {"featured": self.featured}
        if "captions" in self.model_fields_set:
            columns["captions"] = self.captions.stored() if self.captions else None
        return columns


class ReorderMediaCommand(Input):
    """The order in which they are shown. What is not named follows behind, in the order it has."""

    model_config = ConfigDict(json_schema_extra=examples({"business_id": _BUSINESS, "ids": [_ID]}))

    business_id: UUID = Field(description="Id of the business (UUID).")
    ids: Annotated[list[UUID], Field(min_length=1, max_length=500), AfterValidator(_each_once)] = Field(
        description="Ids of media in their new order (UUIDs).",
    )


class MediaOrderRead(Output):
    """What comes first, in this order."""

    model_config = ConfigDict(json_schema_extra=examples({"ids": [_ID]}))

    ids: list[UUID] = Field(description="Ids of all media in their order (UUIDs).")


class VariantRead(Output):
    """One form in which it is shown. ``url`` is signed: it reads this one file, until the media's
    ``links_expire_at``."""

    name: str = Field(description="Which size this is.")
    url: str = Field(description="URL that works until it expires.")
    content_type: str = Field(description="Media type of the file, such as `image/jpeg`.")
    width: int = Field(description="Width in pixels.")
    height: int = Field(description="Height in pixels.")


class MediaRead(ChangedRecordRead):
    """A picture or film. ``size`` in bytes, ``width`` and ``height`` in pixels, as it came in. ``variants`` are there
    when it is ready: a picture's ``large``, ``medium`` and ``thumbnail``, a film's ``film``."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "id": _ID,
                "business_id": _BUSINESS,
                "kind": "image",
                "content_type": "image/jpeg",
                "status": "ready",
                "rejection": None,
                "size": 483211,
                "width": 3024,
                "height": 4032,
                "duration_ms": None,
                "captions": {**_CAPTIONS, "text": "Inside the salon"},
                "position": 0,
                "featured": True,
                "variants": [
                    {
                        "name": "thumbnail",
                        "url": "https://files.example.jp/omotenashi/media/…/thumbnail.webp?X-Amz-Expires=3600&…",
                        "content_type": "image/webp",
                        "width": 240,
                        "height": 320,
                    }
                ],
                "links_expire_at": "2026-11-21T02:30:00Z",
                "deleted_at": None,
                "created_at": "2026-11-21T01:30:00Z",
                "updated_at": "2026-11-21T01:30:00Z",
            }
        )
    )

    business_id: UUID = Field(description="Id of the business (UUID).")
    kind: MediaKind = Field(description="Picture or film.")
    content_type: str = Field(description="Media type of the file, such as `image/jpeg`.")
    status: MediaStatus = Field(description="Present status.")
    rejection: Rejection | None = Field(description="Why the file was refused; null otherwise.")
    size: int | None = Field(description="Size in bytes.")
    width: int | None = Field(description="Width in pixels; null while unknown.")
    height: int | None = Field(description="Height in pixels; null while unknown.")
    duration_ms: int | None = Field(description="Length of the film in milliseconds; null for pictures.")
    captions: BilingualRead | None = Field(description="Caption in Japanese, English or both.")
    position: int = Field(description="Position in the order, from 0.")
    featured: bool = Field(description="Whether it is shown first.")
    variants: list[VariantRead] = Field(description="Sizes in which the file can be shown.")
    links_expire_at: datetime = Field(description="When the URLs of the variants expire, RFC 3339.")
    deleted_at: datetime | None = Field(description="When it was removed, RFC 3339; null while it is shown.")

    @classmethod
    def of(cls, row: MediaRow, storage: Storage, now: datetime) -> Self:
        """A stored one, with links that begin now."""
        return cls(
            id=row.id,
            business_id=row.business_id,
            kind=MediaKind(row.kind),
            content_type=row.content_type,
            status=MediaStatus(row.status),
            rejection=Rejection(row.rejection) if row.rejection else None,
            size=row.size,
            width=row.width,
            height=row.height,
            duration_ms=row.duration_ms,
            captions=BilingualRead.of(row.captions) if row.captions else None,
            position=row.position,
            featured=row.featured,
            variants=[_variant(name, one, storage) for name, one in row.variants.items()],
            links_expire_at=now + LINK_LASTS,
            deleted_at=row.deleted_at,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


def _variant(name: str, stored: dict[str, Any], storage: Storage) -> VariantRead:
    return VariantRead(
        name=name,
        url=storage.link(stored["key"], LINK_LASTS, content_type=stored["content_type"]),
        content_type=stored["content_type"],
        width=stored["width"],
        height=stored["height"],
    )


class MediaTicketRead(Output):
    """The new media, and where to send its file. Then ``POST /media/{id}/complete``."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "media": MediaRead.model_config["json_schema_extra"]["examples"][0],  # type: ignore[index]
                "upload": UploadTicketRead.model_config["json_schema_extra"]["examples"][0],  # type: ignore[index]
            }
        )
    )

    media: MediaRead = Field(description="The row that waits for its file.")
    upload: UploadTicketRead = Field(description="Where to send the file.")
