"""The logo of a business for mail programs."""

from uuid import UUID

from starlette.responses import Response

from api.access.callers import Access
from api.http.operation_errors import raises
from domain.errors import NotFound
from providers.storage.interface import ObjectMissing, Storage

#: A thumbnail of 320 pixels has some ten thousand bytes.
_MOST_BYTES = 1_000_000
#: For how long a mail program may keep the picture.
_HEADERS = {"Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"}


@raises(NotFound)
async def read_logo(access: Access, storage: Storage, business_id: UUID) -> Response:
    """The picture. Raises NotFound for a business without one."""
    async with access.work(business_id) as work:
        logo = await work.messages.brands.logo(business_id)
    try:
        picture = await storage.read(logo.key, _MOST_BYTES)
    except ObjectMissing as error:
        raise NotFound({"business_id": str(business_id)}) from error
    return Response(picture, media_type=logo.content_type, headers=_HEADERS)
