"""Helps to fill in an address. An address is not refused because its code is unknown."""

from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from api.access.callers import AnyCaller
from api.http import routing
from api.http.envelope import Envelope, ok
from api.http.operation_errors import raises
from api.v1.businesses.businesses.schemas import PostalCode
from api.v1.businesses.postal_codes.schemas import PostalCodeRead
from domain.errors import NotFound
from providers.postal.japan_post import places_of

router = routing.router("/postal-codes", tags=["businesses"])


@router.get(
    "/{postal_code}",
    summary="Look up a postal code",
    response_model=Envelope[PostalCodeRead],
)
@raises(NotFound)
async def get_postal_code(
    postal_code: Annotated[PostalCode, Path(description="Seven digits, with or without the hyphen.")], caller: AnyCaller
) -> Response:
    """The places of a Japanese postal code, with their readings."""
    places = await places_of(postal_code)
    if not places:
        raise NotFound({"postal_code": postal_code})
    return ok(PostalCodeRead.of(postal_code, places))
