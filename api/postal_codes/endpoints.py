"""A help for whoever fills in an address: nothing is refused because a code is not in the tables."""

from fastapi import APIRouter
from starlette.responses import Response

from api.businesses.schemas import PostalCode
from api.dependencies import Visit
from api.envelope import Envelope, ok
from api.errors import errors
from api.postal_codes.schemas import PostalCodeRead
from domain.errors import NotFound, Unauthenticated
from providers.postal.japan_post import places_of

router = APIRouter(prefix="/postal-codes", tags=["businesses"])


@router.get(
    "/{postal_code}",
    summary="Look up a postal code",
    response_model=Envelope[PostalCodeRead],
    responses=errors(NotFound, Unauthenticated),
)
async def read_postal_code(postal_code: PostalCode, visit: Visit) -> Response:
    """The places of a Japanese postal code, with their readings."""
    places = await places_of(postal_code)
    if not places:
        raise NotFound({"postal_code": postal_code})
    return ok(PostalCodeRead.of(postal_code, places))
