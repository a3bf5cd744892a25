"""When services can be booked, from one statement: the catalogue that the process has, and the claims of this moment.

A process holds the catalogues that were asked for last, each under its version (``catalogue_versions``). The statement
gives the present version with the claims. Where it is another one, or the process has no catalogue, the answer is None
and the caller reads everything (``AvailabilityStore.starts``), which the process then has. No answer is held: claims
come from Postgres each time. Claims of a unit that are the same as before have their bit strings already.
"""

import functools
import struct
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from db.engine.context import Context
from db.engine.direct import fetch_row
from db.engine.scope import ResolvedScope
from db.scheduling.booked_services import Catalogue
from domain.errors import Unauthenticated
from domain.platform.actor import ActorKind
from domain.scheduling.availability.claimed import Claimed
from domain.scheduling.availability.engine import tabulate
from domain.scheduling.availability.model import Facts, StartTable

#: Claims are read this far around the midnights of the asked days: the last one's hours run for up to two days, a
#: service that starts at their end for another, and buffers reach over.
MARGIN = timedelta(hours=98)
#: Catalogues that a process holds; one with fifty people has some hundred kilobytes.
_MOST_HELD = 500
_STATEMENT = "SELECT * FROM app_free_time($1, $2, $3, $4, $5, $6, $7, $8)"
#: A ``timestamptz[]`` on the wire: 20 bytes, then for each element its length and microseconds since 2000.
_HEADER = 20
_ELEMENT = 12
_MINUTE = 60_000_000
_EPOCH = (datetime(2000, 1, 1, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(minutes=1)


def claims_between(catalogue: Catalogue, first: date, last: date) -> tuple[datetime, datetime]:
    """The time whose claims matter for starts on business days ``first`` to ``last``."""
    midnight = datetime.combine(first, datetime.min.time(), tzinfo=catalogue.zone)
    end = datetime.combine(last, datetime.min.time(), tzinfo=catalogue.zone)
    return midnight - MARGIN, end + MARGIN + catalogue.before_last


@dataclass(frozen=True, slots=True)
class Asked:
    """Services in their order, and the first and last business day."""

    service_ids: Sequence[UUID]
    first: date
    last: date

    @property
    def months(self) -> tuple[date, date]:
        """The whole months of these days, so that the questions of a month need one catalogue."""
        after = (self.last.replace(day=1) + timedelta(days=32)).replace(day=1)
        return self.first.replace(day=1), after - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Held:
    version: UUID
    catalogue: Catalogue
    resource_ids: list[UUID]


@dataclass(frozen=True, slots=True)
class Found:
    """What the statement found: who the caller is there, and the facts. ``facts`` None: read everything."""

    entered: ResolvedScope
    catalogue: Catalogue
    facts: Facts | None

    def starts(
        self, asked: Asked, now: datetime, party_size: int, preferred: Sequence[UUID], staff: bool
    ) -> StartTable | None:
        """As ``AvailabilityStore.starts``; None where everything must be read."""
        if self.facts is None:
            return None
        preference = self.catalogue.for_all(preferred)
        question = self.catalogue.question(asked.first, asked.last, now, party_size, preference, staff)
        return tabulate(question, self.facts)


@dataclass(slots=True)
class FreeTime:
    """The catalogues that one process holds, and the statement."""

    engine: AsyncEngine
    _held: "OrderedDict[tuple[tuple[UUID, ...], date, date], _Held]" = field(default_factory=OrderedDict)

    async def find(self, asked: Asked, now: datetime, caller: UUID | None, context: Context) -> Found | None:
        """What the process and one statement know; None where everything must be read. Raises Unauthenticated as a
        unit of work does."""
        key = (tuple(asked.service_ids), *asked.months)
        held = self._held.get(key)
        if held is None:
            return None
        self._held.move_to_end(key)
        is_admin = context.session_id is not None and context.actor.kind is ActorKind.ADMIN
        row = await fetch_row(
            self.engine,
            _STATEMENT,
            asked.service_ids[0],
            caller,
            context.session_id,
            context.actor.user_id if is_admin else None,
            held.resource_ids,
            *claims_between(held.catalogue, asked.first, asked.last),
            now,
        )
        if row is None:
            return None
        live, still_admin, business_id, role, own, status, closed, version, places, units, claims = row
        if not live:
            raise Unauthenticated({"reason": "session_ended"})
        if not still_admin:
            raise Unauthenticated({"reason": "role_changed"})
        entered = ResolvedScope(business_id, role, own, status, closed)
        if version != held.version:
            self._held.pop(key, None)
            return Found(entered, held.catalogue, None)
        units_of: list[dict[int, Claimed]] = [{} for _ in held.resource_ids]
        for place, unit, packed in zip(places or (), units or (), claims or (), strict=True):
            units_of[place - 1][unit] = _claimed(packed)
        claimed = dict(zip(held.resource_ids, units_of, strict=True))
        catalogue = held.catalogue
        return Found(entered, catalogue, Facts(catalogue.business, catalogue.resources, (), {}, claimed))

    def hold(self, asked: Asked, catalogue: Catalogue) -> None:
        """Have the catalogue of the months of ``asked`` for the next question. Of classes none is held: their places
        are read beside the claims."""
        version = catalogue.version
        if version is None or any(item.places is not None for item in catalogue.items):
            return
        if len(self._held) >= _MOST_HELD:
            self._held.popitem(last=False)
        key = (tuple(asked.service_ids), *asked.months)
        self._held[key] = _Held(version, catalogue, list(catalogue.resources))


@functools.lru_cache(maxsize=1024)
def _claimed(packed: bytes) -> Claimed:
    """The claims of one unit: its starts and then its ends, two arrays of the same length. A thousand units with a
    month of claims are some megabytes."""
    half = len(packed) // 2
    count = (half - _HEADER) // _ELEMENT
    numbers = struct.unpack_from(f">{_HEADER}x{'4xq' * count}{_HEADER}x{'4xq' * count}", packed)
    return Claimed.of(
        (_EPOCH + start // _MINUTE, _EPOCH - -end // _MINUTE)  # a partly claimed minute counts as claimed
        for start, end in zip(numbers[:count], numbers[count:], strict=True)
    )
