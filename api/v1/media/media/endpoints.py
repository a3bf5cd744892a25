"""Pictures and films of a business: public reading, and commands of owners and managers."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Path, Query, Request
from starlette.responses import Response

from api.access.callers import Access, Now, Services
from api.access.permissions import may
from api.http import routing
from api.http.envelope import Envelope, ListEnvelope, SuccessMessage, created, ok
from api.http.fields import DeletedRead
from api.http.operation_errors import raises
from api.http.paging import PageAsked
from api.http.uploads import FILE_BODY
from api.v1.media.media.handlers import finish, read_variant, take_form, take_ticket
from api.v1.media.media.schemas import (
    MediaOrderRead,
    MediaRead,
    MediaTicketRead,
    MediaUpdate,
    PresignMediaCommand,
    ReorderMediaCommand,
)
from domain.errors import WrongState
from domain.media.permissions import MediaAction

router = routing.router("/media", tags=["media"])

MaySeeMedia = Annotated[Access, Depends(may(MediaAction.READ, on="business_media", public=True))]
MaySeeAll = Annotated[Access, Depends(may(MediaAction.READ, on="business", public=True))]
MayAddMedia = Annotated[Access, Depends(may(MediaAction.WRITE, on="business"))]
VariantName = Annotated[Literal["large", "medium", "thumbnail"], Path(description="Which size of the picture.")]
_PICTURE: dict[int | str, dict[str, Any]] = {200: {"content": {"image/webp": {}}, "description": "The picture."}}

MayWriteMedia = Annotated[Access, Depends(may(MediaAction.WRITE, on="business_media"))]


@router.get("", summary="List media", response_model=ListEnvelope[MediaRead])
async def list_media(
    access: MaySeeAll,
    page: PageAsked,
    services: Services,
    business_id: UUID | None = None,
    deleted: Annotated[bool, Query(description="Those that were removed, for who works there.")] = False,
) -> Response:
    """The ready ones of one business in its order, or of all that are approved; who works there sees the others too."""
    after, now = page.after(UUID, int, UUID), services.now()
    async with access.work(business_id) as work:
        inside = business_id is not None and access.works_here
        rows = await work.media.list_media(
            (after[0], after[1], after[2]) if after else None, page.fetch, business_id, inside, deleted and inside
        )
    return page.answer(
        rows, lambda row: MediaRead.of(row, services.storage, now), lambda row: (row.business_id, row.position, row.id)
    )


@router.get("/{media_id}", summary="Get a picture or video", response_model=Envelope[MediaRead])
async def get_media(media_id: UUID, access: MaySeeMedia, services: Services, now: Now) -> Response:
    """One, with links to what is shown of it."""
    async with access.work(media_id) as work:
        media = await work.media.get_media(media_id, hidden=access.works_here)
    return ok(MediaRead.of(media, services.storage, now))


@router.get(
    "/{media_id}/variants/{variant}",
    summary="Download one size of a picture",
    response_class=Response,
    responses=_PICTURE,
)
@raises(read_variant)
async def get_media_variant(media_id: UUID, variant: VariantName, access: MaySeeMedia, services: Services) -> Response:
    """The file itself, for pages: its address does not expire, and browsers keep it. A film has none of these sizes."""
    return await read_variant(access, services.storage, media_id, variant)


@router.post(
    "",
    status_code=201,
    summary="Upload a picture or video",
    response_model=Envelope[MediaRead],
    openapi_extra=FILE_BODY,
)
@raises(take_form)
async def create_media(request: Request, business_id: UUID, access: MayAddMedia, services: Services) -> Response:
    """JPEG, PNG, GIF, WebP, MP4 or WebM, recognised by content. The file is inspected next: then it is ready, or
    rejected."""
    media = await take_form(request, business_id, access, services)
    return created(MediaRead.of(media, services.storage, services.now()))


@router.post(
    "/presign",
    status_code=201,
    summary="Create a media upload",
    response_model=Envelope[MediaTicketRead],
)
@raises(take_ticket)
async def presign_media(body: PresignMediaCommand, access: MayAddMedia, services: Services, now: Now) -> Response:
    """For uploading a file directly to the storage; call `complete` afterwards."""
    media, upload = await take_ticket(body, access, services, now)
    return created(MediaTicketRead(media=MediaRead.of(media, services.storage, now), upload=upload))


@router.post("/reorder", summary="Reorder media", response_model=Envelope[MediaOrderRead])
async def reorder_media(body: ReorderMediaCommand, access: MayAddMedia) -> Response:
    """These first, in this order; the others follow behind as they are."""
    async with access.work(body.business_id) as work:
        await work.media.reorder_media(body.business_id, body.ids)
    return ok(MediaOrderRead(ids=body.ids), SuccessMessage.UPDATED)


@router.post(
    "/{media_id}/complete",
    summary="Complete a media upload",
    response_model=Envelope[MediaRead],
)
@raises(finish)
async def complete_media(media_id: UUID, access: MayWriteMedia, services: Services) -> Response:
    """After an upload to the storage. A repeat changes nothing."""
    media = await finish(media_id, access, services)
    return ok(MediaRead.of(media, services.storage, services.now()), SuccessMessage.UPDATED)


@router.post("/{media_id}/restore", summary="Restore media", response_model=Envelope[MediaRead])
async def restore_media(media_id: UUID, access: MayWriteMedia, services: Services, now: Now) -> Response:
    """Within thirty days after it was removed."""
    async with access.work(media_id) as work:
        media = await work.media.restore_media(media_id)
    return ok(MediaRead.of(media, services.storage, now), SuccessMessage.UPDATED)


@router.put(
    "/{media_id}",
    summary="Update media",
    response_model=Envelope[MediaRead],
)
@raises(WrongState)
async def update_media(
    media_id: UUID, body: MediaUpdate, access: MayWriteMedia, services: Services, now: Now
) -> Response:
    """Captions, and which one is featured. Fields that are left out do not change."""
    async with access.work(media_id) as work:
        media = await work.media.change_media(media_id, body.columns())
    return ok(MediaRead.of(media, services.storage, now), SuccessMessage.UPDATED)


@router.delete("/{media_id}", summary="Remove media", response_model=Envelope[DeletedRead])
async def delete_media(media_id: UUID, access: MayWriteMedia, now: Now) -> Response:
    """It is no longer shown. For thirty days it can be restored."""
    async with access.work(media_id) as work:
        await work.media.remove_media(media_id, now)
    return ok(DeletedRead(id=media_id), SuccessMessage.DELETED)
