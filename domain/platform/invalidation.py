"""How long public answers are cached, and which changes invalidate them earlier.

An answer has one kind. It is valid until something of the kinds that it depends on changes in its business: a suspended
business shows no services, and changed hours change the free times.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID


class CacheKind(StrEnum):
    """The kind of an answer, and of a change."""

    #: Profile, status, settings, policies, hours, one-off days.
    BUSINESS = "business"
    #: Services, resources and their weeks, who performs what.
    CATALOGUE = "catalogue"
    #: Claims, and days with exceptions of a resource.
    AVAILABILITY = "availability"


#: How long an answer of the kind is cached.
CACHE_FOR: Mapping[CacheKind, timedelta] = {
    CacheKind.BUSINESS: timedelta(minutes=5),
    CacheKind.CATALOGUE: timedelta(minutes=10),
    CacheKind.AVAILABILITY: timedelta(minutes=1),
}

#: The kinds of changes that invalidate an answer of the kind.
DEPENDS_ON: Mapping[CacheKind, tuple[CacheKind, ...]] = {
    CacheKind.BUSINESS: (CacheKind.BUSINESS,),
    CacheKind.CATALOGUE: (CacheKind.BUSINESS, CacheKind.CATALOGUE),
    CacheKind.AVAILABILITY: (CacheKind.BUSINESS, CacheKind.CATALOGUE, CacheKind.AVAILABILITY),
}


@dataclass(frozen=True, slots=True)
class CacheChange:
    """Something of ``kind`` has changed. ``business_id`` None: the business is unknown, so all are affected."""

    business_id: UUID | None
    kind: CacheKind
