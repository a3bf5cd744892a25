"""The query of a search for businesses: words, kind, prefecture, a point, and an order."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from api.http.paging import Page, PageAsked
from api.http.request_info import request_info
from api.v1.businesses.businesses.schemas import PrefectureName
from db.businesses.search import Point, Search, Sort
from domain.businesses.profile import Vertical
from domain.businesses.search import terms_of
from domain.errors import InvalidInput

DEFAULT_RADIUS_KM = 5.0


@dataclass(frozen=True, slots=True)
class BusinessSearch:
    """A search and the page of it."""

    search: Search
    page: Page


async def near(
    latitude: Annotated[float | None, Query(ge=-90, le=90, description="Degrees, WGS 84; with `longitude`.")] = None,
    longitude: Annotated[float | None, Query(ge=-180, le=180, description="Degrees, WGS 84; with `latitude`.")] = None,
    radius_km: Annotated[float | None, Query(gt=0, le=200, description="5 unless given.")] = None,
) -> Point | None:
    """A point and what is around it. Raises InvalidInput for half a point, and for a radius without one."""
    if latitude is not None and longitude is not None:
        return Point(latitude, longitude, (radius_km or DEFAULT_RADIUS_KM) * 1000)
    if latitude is not None or longitude is not None or radius_km is not None:
        raise InvalidInput.at("latitude" if latitude is None else "longitude", "with_the_other")
    return None


async def business_search(
    page: PageAsked,
    point: Annotated[Point | None, Depends(near)],
    q: Annotated[str | None, Query(min_length=1, max_length=100, description="Up to five words.")] = None,
    vertical: Annotated[Vertical | None, Query(description="Only this line of business.")] = None,
    prefecture: Annotated[PrefectureName | None, Query(description="Only this prefecture.")] = None,
    sort: Annotated[
        Sort | None, Query(description="Without one: relevance with `q`, else distance with a point, else newest.")
    ] = None,
) -> BusinessSearch:
    """Read the query. Raises InvalidInput for an order that lacks what it goes by, and Malformed for a cursor of
    another order."""
    terms = terms_of(q) if q is not None else []
    order = sort or (Sort.RELEVANCE if terms else Sort.DISTANCE if point else Sort.NEWEST)
    if order is Sort.RELEVANCE and not terms:
        raise InvalidInput.at("sort", "relevance_with_q")
    if order is Sort.DISTANCE and point is None:
        raise InvalidInput.at("sort", "distance_with_a_point")
    language = request_info().language.value
    return BusinessSearch(
        Search(order, language, page.fetch, terms, vertical, prefecture, point, _after(page, order)),
        page,
    )


def _after(page: Page, order: Sort) -> tuple[object, ...] | None:
    if order is Sort.NEWEST:
        return page.after(UUID)
    return page.after({Sort.RELEVANCE: int, Sort.DISTANCE: float, Sort.NAME: str}[order], UUID)


SearchAsked = Annotated[BusinessSearch, Depends(business_search)]
