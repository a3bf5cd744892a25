"""The query of a list of services: filters, words, and an order."""

from dataclasses import dataclass, replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query

from api.http.paging import Page, PageAsked
from api.http.request_info import request_info
from db.catalogue.services import ServiceFilter, ServiceSort
from domain.errors import InvalidInput
from domain.kana import search_form


@dataclass(frozen=True, slots=True)
class ServiceListing:
    """A filter and the page of it."""

    asked: ServiceFilter
    page: Page

    def wanted(self, business_id: UUID | None, works_here: bool) -> ServiceFilter:
        """The filter for one business, or for all that are approved. Raises InvalidInput for words without a
        business: all services of all businesses are not searched."""
        if business_id is None and (self.asked.q is not None or self.asked.sort is not ServiceSort.OLDEST):
            raise InvalidInput.at("business_id", "needed_for_words_and_order")
        return replace(self.asked, business_id=business_id, inactive=business_id is not None and works_here)

    @property
    def after(self) -> tuple[Any, ...] | None:
        """The last place seen. Raises Malformed for a cursor of another order."""
        return self.page.after(str if self.asked.sort is ServiceSort.NAME else int, UUID)


async def listing(
    page: PageAsked,
    category: Annotated[str | None, Query(max_length=200, description="Only this category, by its name.")] = None,
    active: Annotated[bool | None, Query(description="Those alone that are, or are not.")] = None,
    q: Annotated[str | None, Query(min_length=1, max_length=100, description="A part of name or description.")] = None,
    sort: Annotated[ServiceSort, Query(description="Order of the services.")] = ServiceSort.OLDEST,
) -> ServiceListing:
    """Read the query."""
    words = None if q is None else search_form(q)
    return ServiceListing(
        ServiceFilter(category=category, active=active, q=words, sort=sort, language=request_info().language.value),
        page,
    )


ServicesAsked = Annotated[ServiceListing, Depends(listing)]
