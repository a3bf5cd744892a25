"""How long public answers are kept, and which changes end them before that.

An answer is of one kind. It is good while nothing of the kinds that it leans on was changed in its business: no service
is shown of a business that was suspended, and no free time by hours that were changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID


class CacheKind(StrEnum):
    """What an answer is about, and what a change is of."""

    #: Profile, status, settings, policies, hours, one-off days.
    BUSINESS = "business"
    #: Services, resources and their weeks, who performs what.
    CATALOGUE = "catalogue"
    #: Claims on time, and days on which a resource is not there as usual.
    AVAILABILITY = "availability"


#: How long an answer of the kind is kept.
KEEP: Mapping[CacheKind, timedelta] = {
    CacheKind.BUSINESS: timedelta(minutes=5),
    CacheKind.CATALOGUE: timedelta(minutes=10),
    CacheKind.AVAILABILITY: timedelta(minutes=1),
}

#: What an answer of the kind leans on.
LEANS_ON: Mapping[CacheKind, tuple[CacheKind, ...]] = {
    CacheKind.BUSINESS: (CacheKind.BUSINESS,),
    CacheKind.CATALOGUE: (CacheKind.BUSINESS, CacheKind.CATALOGUE),
    CacheKind.AVAILABILITY: (CacheKind.BUSINESS, CacheKind.CATALOGUE, CacheKind.AVAILABILITY),
}


@dataclass(frozen=True, slots=True)
class CacheChange:
    """Something of ``kind`` was changed. ``business_id`` None: nobody can say whose, so it counts for all."""

    business_id: UUID | None
    kind: CacheKind
