"""Candidates: ways to serve a booking at a time, each a set of units. Which of them is free at this moment."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import text

from db.engine.store import Store
from db.scheduling.booked_services import Catalogue, Preferred
from domain.scheduling.availability.anyone import reason_of_item
from domain.scheduling.availability.model import ClaimPlan
from domain.scheduling.reasons import ChosenBy

Candidate = tuple[ClaimPlan, ...]
Moved = Sequence[tuple[datetime, datetime, ChosenBy | None]]
"""Start and end of each item of a booking, without buffers, and why it has its staff."""
#: Claims a candidate; returns True when every claim was taken, False when none was. Where another transaction is about
#: to claim a unit, it takes nothing if the second argument is False, and waits for the other's end if it is True.
TryCandidate = Callable[[Candidate, bool], Awaitable[bool]]

_FIRST_FREE = text("""
    SELECT place, busy FROM app_first_free(CAST(:places AS integer[]), CAST(:resource_ids AS uuid[]),
        CAST(:units AS smallint[]), CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[]), :now)
""")


def item_times(catalogue: Catalogue, candidate: Candidate, preferred: Preferred) -> Moved:
    """When each item starts and ends if the candidate is taken, and why it has its staff."""
    found = []
    for index, item in enumerate(catalogue.items):
        claims = [claim for claim in candidate if claim.item_index == index]
        start = claims[0].starts_at + timedelta(minutes=item.buffer_before)
        named = frozenset(preferred[index]) if preferred else frozenset()
        reason = reason_of_item(claims, catalogue.staff, named)
        found.append((start, start + timedelta(minutes=item.duration), reason))
    return found


def claim_values(candidate: Candidate) -> dict[str, object]:
    """A candidate as the column arrays that ``INSERT_CLAIMS`` unnests."""
    return {
        "resource_ids": [claim.resource_id for claim in candidate],
        "items": [claim.item_index for claim in candidate],
        "groups": [claim.group for claim in candidate],
        "units": [claim.unit for claim in candidate],
        "starts": [claim.starts_at for claim in candidate],
        "ends": [claim.ends_at for claim in candidate],
    }


def overlap_values(candidate: Candidate) -> Mapping[str, object]:
    """What is needed of ``claim_values`` to find other claims of the same units."""
    values = claim_values(candidate)
    return {key: values[key] for key in ("resource_ids", "units", "starts", "ends")}


class FirstFree(NamedTuple):
    """Positions in the candidates that were asked about."""

    place: int | None
    """No live claim overlaps it, and its units are locked for this transaction."""
    busy: int | None
    """The first before it whose units another transaction has locked."""


class CandidateStore(Store):
    """Looks among many candidates at once."""

    async def first_free(self, candidates: Sequence[Candidate], now: datetime) -> FirstFree:
        """The first candidate that can be claimed without waiting. Waits for nobody."""
        places = [place for place, candidate in enumerate(candidates) for _ in candidate]
        values = overlap_values(tuple(claim for candidate in candidates for claim in candidate))
        row = (await self.session.execute(_FIRST_FREE, {**values, "places": places, "now": now})).one()
        return FirstFree(row.place, row.busy)
