"""The services of one booking with their resources and calendars, as `availability` reads them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from db.scheduling.calendars.rows import days_of, resource_calendar, week_of
from db.scheduling.public_holidays import public_holidays
from domain.business_status import BusinessStatus
from domain.errors import NotFound
from domain.money import Money
from domain.payments.dues import Dues, ServiceCharge, dues
from domain.payments.status import PaymentMode
from domain.scheduling.availability.model import Item, Join, Need, Question, Resource, StartGrid, bounds
from domain.scheduling.classes import is_class, is_sold_by_unit
from domain.scheduling.errors import NotBookable, PartySizeRefused
from domain.scheduling.hours import Calendar

#: Staff take bookings at the counter: no lead time, and further ahead than the public window.
STAFF_WINDOW = timedelta(days=730)
Preferred = Sequence[Sequence[UUID]]
"""Preferred resources, one list for each service of a booking; no list at all where there is no preference."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The services of one booking, in their order, with all that its availability depends on, but for the claims.

    ``services`` (with ``policy``) and ``settings`` are plain columns (minutes, seconds, minor units); ``items`` has one
    for each of the services; ``new_id`` is a fresh key made by the database."""

    new_id: UUID
    business_id: UUID
    services: Sequence[Mapping[str, Any]]
    settings: Mapping[str, Any]
    zone: ZoneInfo
    items: tuple[Item, ...]
    business: Calendar
    resources: Mapping[UUID, Resource]
    described: Sequence[Mapping[str, Any]]

    @property
    def calendar_version(self) -> int:
        """The version of these calendars. A command that takes time passes it on."""
        version: int = self.settings["calendar_version"]
        return version

    @property
    def version(self) -> UUID | None:
        """The version of everything here but ``new_id``; None for a business without one."""
        version: str | None = self.settings["version"]
        return UUID(version) if version else None

    @property
    def staff(self) -> frozenset[UUID]:
        """The resources that are people."""
        return frozenset(UUID(one["id"]) for one in self.described if one["kind"] == "staff")

    @property
    def before_last(self) -> timedelta:
        """The longest time from the start of a booking to the start of its last item."""
        waits = (item.max_wait for item in self.items[1:])
        return timedelta(minutes=sum(item.duration for item in self.items[:-1]) + sum(waits))

    def dues(self, party_size: int) -> Dues:
        """What these services cost this party, and when it is paid. A class costs its price for each person."""
        charges = []
        for one in self.services:
            persons = party_size if is_class(one["capacity"]) else 1
            price = Money(one["price"] * persons, one["currency"])
            mode = PaymentMode(one["payment_mode"])
            charges.append(ServiceCharge(price, mode, one["deposit_percent"], one["deposit_amount"]))
        return dues(charges)

    def question(
        self,
        first: date,
        last: date,
        now: datetime,
        party_size: int,
        preferred: Preferred = (),
        staff: bool = False,
    ) -> Question:
        """Ask the engine for starts on ``first`` to ``last``. ``preferred``, one for each service or none, narrows
        every group of the service that has one of them; ``staff``: without lead time and window. Raises
        PartySizeRefused, and NotFound for a resource that does not serve there."""
        self._check_preferred(preferred)
        low, high = (
            max(one["party_min"] for one in self.services),
            min([*(one["party_max"] for one in self.services), *self._largest_parties()]),
        )
        if not low <= party_size <= high:
            raise PartySizeRefused({"party_min": low, "party_max": high})
        lead, window = timedelta(seconds=self.settings["lead"]), timedelta(seconds=self.settings["window"])
        earliest, latest = bounds(now, timedelta() if staff else lead, STAFF_WINDOW if staff else window)
        items = self.items
        if preferred:
            items = tuple(_narrow(item, frozenset(some)) for item, some in zip(self.items, preferred, strict=True))
        grid = StartGrid(self.settings["start_grid"])
        interval = self.settings["slot_interval"]
        return Question(items, self.zone, first, last, interval, earliest, latest, party_size, grid, joins=self.joins)

    @property
    def joins(self) -> tuple[Join, ...]:
        """Which tables may be joined, the smallest joins first."""
        found = [
            Join(tuple(sorted(Counter(map(UUID, one["resource_ids"])).items())), one["seats"])
            for one in self.settings["joins"]
        ]
        return tuple(sorted(dict.fromkeys(found), key=lambda join: (join.seats, sum(count for _, count in join.units))))

    def _largest_parties(self) -> Iterator[int]:
        """For each requirement of tables: the largest party that they seat, joined or not."""
        for need in (need for item in self.items for need in item.needs if not need.per_person):
            seats = [self.resources[one].seats for one in need.resource_ids]
            known = [one for one in seats if one is not None]
            if len(known) == len(seats):
                tables = frozenset(need.resource_ids)
                yield max([*known, *(join.seats for join in self.joins if {one for one, _ in join.units} <= tables)])

    def for_all(self, preferred: Sequence[UUID]) -> Preferred:
        """Resources that are preferred wherever they serve, as a preference for each service. Raises NotFound for one
        that serves nowhere here."""
        unknown = [str(one) for one in preferred if one not in self.resources]
        if unknown:
            raise NotFound({"resource_ids": unknown})
        return [[one for one in preferred if one in _serving(item)] for item in self.items] if preferred else ()

    def _check_preferred(self, preferred: Preferred) -> None:
        for item, some in zip(self.items, preferred, strict=True) if preferred else ():
            unknown = [str(one) for one in some if one not in _serving(item)]
            if unknown:
                raise NotFound({"resource_ids": unknown})


def _serving(item: Item) -> frozenset[UUID]:
    """The resources that may serve an item."""
    return frozenset(one for need in item.needs for one in need.resource_ids)


def _narrow(item: Item, preferred: frozenset[UUID]) -> Item:
    if not preferred:
        return item
    needs = tuple(
        replace(need, resource_ids=tuple(i for i in need.resource_ids if i in preferred) or need.resource_ids)
        for need in item.needs
    )
    return replace(item, needs=needs)


def read_catalogue(
    new_id: UUID, found: dict[str, Any], wanted: Sequence[UUID], around: tuple[date, date], for_new: bool = True
) -> Catalogue:
    """The catalogue from the row that `availability` read (``found``) for the services ``wanted``, with the calendars
    of the days ``around``. Raises NotFound and NotBookable."""
    by_id = {UUID(one["id"]): one for one in found["services"]}
    missing = [str(one) for one in wanted if one not in by_id]
    if missing:
        raise NotFound({"service_ids": missing})
    services, settings = [by_id[one] for one in wanted], found["business"]
    closed = [one["id"] for one in services if not one["is_active"]]
    if for_new and (settings["status"] != BusinessStatus.APPROVED or closed):
        raise NotBookable({"service_id": closed[0] if closed else services[0]["id"]})
    business = Calendar(
        week_of(found["hours"], settings["holiday_row"]),
        days_of(found["days"]),
        public_holidays(settings["zone"], *around),
    )
    own_hours, exceptions = _by_resource(found["own_hours"]), _by_resource(found["exceptions"])
    resources, groups = {}, dict[UUID, dict[int, list[UUID]]]()
    for row in found["resources"]:
        key, name = UUID(row["id"]), row["id"]
        groups.setdefault(UUID(row["service_id"]), {}).setdefault(row["requirement_group"], []).append(key)
        if key not in resources:
            calendar = resource_calendar(
                business, own_hours.get(name), row["holiday_row"], exceptions.get(name), *around
            )
            resources[key] = Resource(key, row["capacity"], calendar, row["seats"])
    return Catalogue(
        new_id,
        UUID(services[0]["business_id"]),
        services,
        settings,
        ZoneInfo(settings["zone"]),
        tuple(_item(service, groups.get(UUID(service["id"]), {}), resources) for service in services),
        business,
        resources,
        found["resources"],
    )


def _item(service: Mapping[str, Any], groups: Mapping[int, list[UUID]], resources: Mapping[UUID, Resource]) -> Item:
    """A service as input of the engine. Raises NotBookable for one without resources."""
    if not groups:
        raise NotBookable({"service_id": service["id"], "rule": "no_resources"})
    capacity = service["capacity"]
    needs = tuple(
        Need(group, tuple(ids), per_person=is_sold_by_unit(capacity, [resources[i].capacity for i in ids]))
        for group, ids in sorted(groups.items())
    )
    return Item(
        UUID(service["id"]),
        service["duration_minutes"],
        service["buffer_before_minutes"],
        service["buffer_after_minutes"],
        needs,
        capacity if is_class(capacity) else None,
        service["max_wait_minutes"],
    )


def _by_resource(rows: Sequence[Sequence[Any]]) -> dict[str, list[list[Any]]]:
    found: dict[str, list[list[Any]]] = {}
    for key, *rest in rows:
        found.setdefault(key, []).append(rest)
    return found
