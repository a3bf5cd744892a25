"""Answers of availability, serialised without a model, because a month has some thousand starts."""

import functools
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from starlette.responses import Response

from api.access.callers import Access
from api.http.envelope import SuccessMessage
from api.http.fields import BilingualRead
from api.http.request_info import request_info
from api.v1.scheduling.availability.schemas import DuesRead, FreeResourceRead, FreeResourcesRead
from db.engine.session import UnitOfWork
from db.scheduling.booked_services import Catalogue
from db.scheduling.free_time import Asked
from domain.instants import text_at_venue
from domain.payments.dues import Dues
from domain.permissions import allowed
from domain.scheduling.availability.engine import check_window, plan
from domain.scheduling.availability.model import StartTable
from domain.scheduling.hours import DAY
from domain.scheduling.permissions import SchedulingAction


def for_staff(access: Access) -> bool:
    """Staff who book for customers get what they can book: no lead time, and further in the future."""
    return access.role is not None and allowed(access.role, SchedulingAction.READ_ALL_AVAILABILITY)


async def find_starts(
    access: Access, asked: Asked, now: datetime, party_size: int, preferred: Sequence[UUID]
) -> tuple[Catalogue, StartTable]:
    """The starts with the catalogue that the process has, if it is the present one; else from one that is read now."""
    free_time = access.database.free_time
    found = await free_time.find(asked, now, access.user_id, access.context)
    if found is not None:
        access.check(found.entered)
        starts = found.starts(asked, now, party_size, preferred, for_staff(access))
        if starts is not None:
            return found.catalogue, starts
    async with access.work(asked.service_ids[0]) as work:
        catalogue, starts = await work.scheduling.availability.starts(
            asked, now, party_size, preferred, for_staff(access)
        )
    free_time.hold(asked, catalogue)
    return catalogue, starts


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
    step, left = starts.step, starts.left
    written: list[bytes] = []
    at = 0
    while at < len(left):
        first = starts.first + at * step
        begin = (starts.zero + timedelta(minutes=first)).astimezone(zone)
        since_midnight = begin.hour * 60 + begin.minute
        midnight = first - since_midnight + DAY
        end = (starts.zero + timedelta(minutes=midnight - 1)).astimezone(zone)
        text = text_at_venue(begin, zone)
        stop = at - (first - midnight) // step if begin.utcoffset() == end.utcoffset() else at + 1
        day = _day_as_json(text[:10], text[19:], since_midnight, step, left[at:stop])
        if day:
            written.append(day)
        at = stop
    return b"[" + b",".join(written) + b"]"


@functools.lru_cache(maxsize=512)
def _day_as_json(day: str, suffix: str, minute: int, step: int, left: Sequence[int]) -> bytes:
    """The starts of one day from ``minute`` on. A booking changes one day of a month, so the others are here already.
    512 days are two megabytes, and thirty where every minute is a start."""
    clock, date = _clock(suffix), f'{{"start_at":"{day}'
    pairs = zip(range(minute, minute + step * len(left), step), left, strict=True)
    return ",".join([f"{date}{clock[at]}{number}}}" for at, number in pairs if number]).encode()


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
