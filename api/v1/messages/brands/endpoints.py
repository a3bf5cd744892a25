"""The look of a business's messages, and its logo for mail programs."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from api.access.callers import Access, Services
from api.access.permissions import may
from api.http import routing
from api.http.envelope import Envelope, SuccessMessage, ok
from api.http.operation_errors import raises
from api.v1.messages.brands.handlers import read_logo
from api.v1.messages.brands.schemas import MessageBrandRead, MessageBrandUpdate, PublicBrandRead
from domain.messages.permissions import MessageAction

router = routing.router("/notifications", tags=["notifications"])

MayDesign = Annotated[Access, Depends(may(MessageAction.DESIGN, "business"))]
MaySeeLogo = Annotated[Access, Depends(may(MessageAction.SEE_LOGO, "business", public=True))]

_PICTURE: dict[int | str, dict[str, Any]] = {200: {"content": {"image/webp": {}}, "description": "The picture."}}


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
    "/brand/{business_id}", summary="Get the public look of a business", response_model=Envelope[PublicBrandRead]
)
async def get_public_brand(business_id: UUID, access: MaySeeLogo) -> Response:
    """Its colour, for the pages that its customers see."""
    async with access.work(business_id) as work:
        brand = await work.messages.brands.get(business_id)
    return ok(PublicBrandRead(colour=brand.colour))


@router.get("/logo/{business_id}", summary="Get the logo of a business", response_class=Response, responses=_PICTURE)
@raises(read_logo)
async def get_message_logo(business_id: UUID, access: MaySeeLogo, services: Services) -> Response:
    """The picture, for mail programs."""
    return await read_logo(access, services.storage, business_id)
