"""The two ways to upload a picture or film. No transaction is open during the transfer."""

from datetime import datetime
from uuid import UUID, uuid4

from fastapi import Request
from starlette.responses import Response

from api.access.callers import Access, ApiServices
from api.http.operation_errors import raises
from api.http.uploads import UploadTicketRead, received
from api.v1.media.media.schemas import PresignMediaCommand
from db.media.media import MediaRow
from domain.errors import NotFound, RuleBroken, TooLarge, WrongState
from domain.media.files import MEDIA, UPLOADS
from domain.media.quotas import Quota
from domain.media.status import MediaStatus
from providers.storage.interface import ObjectMissing, Storage

#: A picture of 1920 pixels has some hundred thousand bytes.
_MOST_BYTES = 10_000_000
#: A variant never changes, but what shows it may be removed.
_HEADERS = {"Cache-Control": "public, max-age=86400", "X-Content-Type-Options": "nosniff"}


@raises(NotFound)
async def read_variant(access: Access, storage: Storage, media_id: UUID, name: str) -> Response:
    """The file of a variant. Raises NotFound where the media has none of this name, or it is not ready."""
    async with access.work(media_id) as work:
        media = await work.media.get_media(media_id, hidden=access.works_here)
    variant = media.variants.get(name)
    if variant is None:
        raise NotFound
    try:
        picture = await storage.read(variant["key"], _MOST_BYTES)
    except ObjectMissing as error:
        raise NotFound from error
    return Response(picture, media_type=variant["content_type"], headers=_HEADERS)


def _quota(services: ApiServices) -> Quota:
    settings = services.settings
    return Quota(settings.media_per_business, settings.media_bytes_per_business)


def _new_key() -> str:
    """Where one upload lies; nobody can guess another's."""
    return f"{UPLOADS}{uuid4()}"


@raises(received, RuleBroken, WrongState)
async def take_form(request: Request, business_id: UUID, access: Access, services: ApiServices) -> MediaRow:
    """Through the API. Who may not is refused before the body is read; a row is made when the file is in the storage,
    so that an upload that is cut off leaves nothing behind. Raises RuleBroken where the business has too much, and
    WrongState before its owner has confirmed the address."""
    quota = _quota(services)
    async with access.work(business_id) as work:
        await work.media.check_room(business_id, quota, size=1)
    async with received(request, services.settings.max_media_bytes, MEDIA) as file:
        key = _new_key()
        await services.storage.put(key, file.file, file.type.value)
    async with access.work(business_id) as work:
        await work.media.check_room(business_id, quota, file.size)
        return await work.media.add_media(business_id, file.type, key, file.size)


@raises(TooLarge, RuleBroken, WrongState)
async def take_ticket(
    body: PresignMediaCommand, access: Access, services: ApiServices, now: datetime
) -> tuple[MediaRow, UploadTicketRead]:
    """Past the API: a row that waits for its file, and a ticket for it. Raises TooLarge, RuleBroken where the
    business has too much, and WrongState before its owner has confirmed the address."""
    most = services.settings.max_media_bytes
    if body.size > most:
        raise TooLarge({"limit": most})
    key = _new_key()
    async with access.work(body.business_id) as work:
        await work.media.check_room(body.business_id, _quota(services), body.size)
        media = await work.media.add_media(body.business_id, body.type(), key)
    return media, await UploadTicketRead.of(services.storage, key, body.type(), most, now)


@raises(WrongState, TooLarge, RuleBroken)
async def finish(media_id: UUID, access: Access, services: ApiServices) -> MediaRow:
    """The storage has the file. Raises WrongState when it has not, TooLarge, and RuleBroken where the business then has
    too much."""
    async with access.work(media_id) as work:
        media = await work.media.get_media(media_id)
    if media.status != MediaStatus.UPLOADING:
        return media
    try:
        stored = await services.storage.head(media.upload_key)
    except ObjectMissing:
        raise WrongState({"status": media.status, "wanted": MediaStatus.PROCESSING.value, "rule": "no_file"}) from None
    if stored.size > services.settings.max_media_bytes:
        raise TooLarge({"limit": services.settings.max_media_bytes})
    async with access.work(media_id) as work:
        await work.media.check_room(media.business_id, _quota(services), stored.size, new=0)
        return await work.media.finish_upload(media_id, stored.size)
