"""Answers of availability, serialised without a model, because a month has some thousand starts."""

import functools
from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from starlette.responses import Response

from api.http.envelope import SuccessMessage
from api.http.fields import BilingualRead
from api.http.request_info import request_info
from api.v1.scheduling.availability.schemas import DuesRead, FreeResourceRead, FreeResourcesRead
from db.engine.session import UnitOfWork
from db.scheduling.booked_services import Catalogue
from domain.instants import text_at_venue
from domain.payments.dues import Dues
from domain.scheduling.availability.engine import check_window, plan
from domain.scheduling.availability.model import StartTable
from domain.scheduling.hours import DAY


def answer_with_starts(catalogue: Catalogue, starts: StartTable, party_size: int, dues: Dues | None = None) -> Response:
    """``AvailabilityRead`` in its envelope, as bytes. ``dues``: None where the price is agreed already."""
    language = request_info().language
    zone = catalogue.zone
    data: dict[str, Any] = {
        "service_id": catalogue.items[0].service_id,
        "service_ids": [item.service_id for item in catalogue.items],
        "business_id": catalogue.business_id,
        "time_zone": zone.key,
        "slot_interval": catalogue.settings["slot_interval"],
        "duration_minutes": sum(item.duration for item in catalogue.items),
        "party_size": party_size,
        "dues": DuesRead.of(dues).model_dump(mode="json") if dues else None,
        "starts": orjson.Fragment(starts_as_json(zone, starts)),
    }
    body = {"status": "success", "message": SuccessMessage.DONE.sentence(language), "data": data}
    headers = {"Content-Language": language.value, "Vary": "Accept-Language"}
    return Response(orjson.dumps(body), 200, headers, "application/json")


def starts_as_json(zone: ZoneInfo, starts: StartTable) -> bytes:
    """A list of ``StartRead``: RFC 3339 with the venue's offset at each start.

    The zone is asked twice for the starts of each day until its midnight: no zone changes its clock and changes it back
    within that time. If both answers differ, the zone is asked for every start.
    """
    minutes, left = starts.minutes, starts.left
    written: list[str] = []
    at = 0
    while at < len(minutes):
        first = minutes[at]
        begin = (starts.zero + timedelta(minutes=first)).astimezone(zone)
        since_midnight = begin.hour * 60 + begin.minute
        midnight = first - since_midnight + DAY
        end = (starts.zero + timedelta(minutes=midnight - 1)).astimezone(zone)
        text = text_at_venue(begin, zone)
        day, suffix = '{"start_at":"' + text[:10], text[19:]
        stop = bisect_left(minutes, midnight, at) if begin.utcoffset() == end.utcoffset() else at + 1
        clock, zero = _clock(suffix), first - since_midnight
        pairs = zip(minutes[at:stop], left[at:stop], strict=True)
        written += [f"{day}{clock[minute - zero]}{number}}}" for minute, number in pairs]
        at = stop
    return f"[{','.join(written)}]".encode()


@functools.lru_cache(maxsize=64)
def _clock(suffix: str) -> tuple[str, ...]:
    """What follows the date of a start in JSON, for each minute of a day."""
    return tuple(f'T{minute // 60:02}:{minute % 60:02}:00{suffix}","left":' for minute in range(DAY))


async def free_resources(
    work: UnitOfWork, service_ids: Sequence[UUID], start_at: datetime, now: datetime, party_size: int, staff: bool
) -> FreeResourcesRead:
    """Which resources could serve which of the services at ``start_at``. Raises OutsideBookingWindow, NotFound and
    NotBookable."""
    first, last = _around(start_at)
    catalogue = await work.scheduling.availability.catalogue(service_ids, first, last)
    check_window(catalogue.question(first, last, now, party_size, (), staff), start_at)
    facts = await work.scheduling.availability.facts(catalogue, first, last, now)

    def is_free(position: int, resource_id: UUID) -> bool:
        preferred = [[resource_id] if index == position else [] for index in range(len(service_ids))]
        question = catalogue.question(first, last, now, party_size, preferred, staff)
        taken = next(plan(question, facts, start_at, limit=1), ())
        return any(claim.resource_id == resource_id and claim.item_index == position for claim in taken)

    return FreeResourcesRead(
        service_ids=list(service_ids),
        start_at=start_at.astimezone(catalogue.zone),
        time_zone=catalogue.zone.key,
        resources=[
            FreeResourceRead(
                id=UUID(row["id"]),
                kind=row["kind"],
                name=BilingualRead.of(row["name"]),
                requirement_group=row["requirement_group"],
                position=position,
            )
            for position, service_id in enumerate(service_ids)
            for row in catalogue.described
            if UUID(row["service_id"]) == service_id and is_free(position, UUID(row["id"]))
        ],
    )


def _around(start_at: datetime) -> tuple[date, date]:
    """The business days that a start may belong to, in any zone and however far after midnight."""
    day = start_at.astimezone(UTC).date()
    return day - timedelta(days=2), day + timedelta(days=1)
