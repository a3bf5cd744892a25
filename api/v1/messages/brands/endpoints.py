"""The look of a business's messages, and its logo for mail programs."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from starlette.responses import RedirectResponse, Response

from api.access.callers import Access, Services
from api.access.permissions import may
from api.http import routing
from api.http.envelope import Envelope, SuccessMessage, ok
from api.v1.messages.brands.schemas import MessageBrandRead, MessageBrandUpdate
from domain.messages.permissions import MessageAction

router = routing.router("/notifications", tags=["notifications"])

MayDesign = Annotated[Access, Depends(may(MessageAction.DESIGN, "business"))]
MaySeeLogo = Annotated[Access, Depends(may(MessageAction.SEE_LOGO, "business", public=True))]

#: How long the link to the file is valid, and for how long a mail program may keep it.
_LINK_LASTS = timedelta(hours=1)
_KEPT = {"Cache-Control": "public, max-age=1800"}
_REDIRECT: dict[int | str, dict[str, Any]] = {302: {"description": "The picture is at `Location`."}}


@router.get("/brand", summary="Get the look of messages", response_model=Envelope[MessageBrandRead])
async def get_message_brand(business_id: UUID, access: MayDesign, services: Services) -> Response:
    """Colour and logo in messages to customers."""
    async with access.work(business_id) as work:
        brand = await work.messages.brands.get(business_id)
    return ok(MessageBrandRead.of(brand, services.message_links.logo(business_id)))


@router.put("/brand", summary="Update the look of messages", response_model=Envelope[MessageBrandRead])
async def update_message_brand(
    business_id: UUID, body: MessageBrandUpdate, access: MayDesign, services: Services
) -> Response:
    """Applies to every message that is sent from now on."""
    async with access.work(business_id) as work:
        await work.messages.brands.set(business_id, body.row())
    return ok(MessageBrandRead.of(body.row(), services.message_links.logo(business_id)), SuccessMessage.UPDATED)


@router.get(
    "/logo/{business_id}",
    summary="Get the logo of a business",
    status_code=302,
    response_class=RedirectResponse,
    responses=_REDIRECT,
)
async def get_message_logo(business_id: UUID, access: MaySeeLogo, services: Services) -> Response:
    """For mail programs: sends them on to the picture."""
    async with access.work(business_id) as work:
        logo = await work.messages.brands.logo(business_id)
    link = services.storage.link(logo.key, _LINK_LASTS, content_type=logo.content_type)
    return RedirectResponse(link, 302, headers=_KEPT)
