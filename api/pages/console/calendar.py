"""``/console/{business}/calendar``: a day by person or room, or a week, with bookings and blocks."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from api.http.request_info import request_info
from api.pages.api_client import ApiClient
from api.pages.console.calendar_grid import Card, Column, closed, placed, window
from api.pages.console.hours import asked_day, calendar_of, own_calendar
from api.pages.console.today import own_business
from api.pages.formats import Formats
from api.pages.rendering import page
from api.pages.sessions import logged_in
from domain.scheduling.business_days import beginning, business_day, minute_of
from domain.scheduling.hours import Calendar

#: Bookings that take nobody's time any more.
_OVER = frozenset({"cancelled", "declined", "expired"})
_MOVABLE = frozenset({"pending", "confirmed"})
_KINDS = ("staff", "room", "equipment")
#: More than the 500 bookings of a busy week (the bar of the calendar).
_MOST = 1000
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Shown:
    """What is on the page: ``days`` in order, the resources of one kind, and what the API knows of those days."""

    business: Mapping[str, Any]
    days: Sequence[date]
    calendar: Calendar
    resources: Sequence[Mapping[str, Any]]
    exceptions: Sequence[Mapping[str, Any]]
    bookings: Sequence[Mapping[str, Any]]
    blocks: Sequence[Mapping[str, Any]]

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the venue."""
        return ZoneInfo(self.business["time_zone"])


async def show_calendar(request: Request) -> Response:
    """The page. ``?view`` is day or week, ``?by`` the kind of resource, ``?who`` the resource of a week."""
    api = await logged_in(request)
    business = await own_business(api, request.path_params["business_id"])
    day, today = await asked_day(request, api, business)
    query = request.query_params
    week, by = query.get("view") == "week", query.get("by", "")
    by = by if by in _KINDS else "staff"
    days = [day - timedelta(days=day.weekday()) + n * _A_DAY for n in range(7)] if week else [day]
    shown = await _read(api, business, days, by)
    who = next((one["id"] for one in shown.resources if one["id"] == query.get("who")), "") if week else ""
    f = Formats(request_info().language.value)
    columns = _week(shown, who, f) if week else _day(shown, f)
    frame = window(columns)
    step = 7 * _A_DAY if week else _A_DAY

    def address(**changed: str) -> str:
        chosen = {"day": day.isoformat(), "view": "week" if week else "day", "by": by, "who": who, **changed}
        return "?" + urlencode({key: value for key, value in chosen.items() if value})

    variables = {
        "business": business,
        "day": day,
        "days": days,
        "today": today,
        "week": week,
        "by": by,
        "who": who,
        "kinds": _KINDS,
        "resources": shown.resources,
        "columns": [
            {"column": one, "placed": placed(one.cards, frame), "closed": closed(one, frame)} for one in columns
        ],
        "window": frame,
        "address": address,
        "before": (day - step).isoformat(),
        "after": (day + step).isoformat(),
        "full": len(shown.bookings) == _MOST,
    }
    return page(request, "console/calendar", variables)


async def _read(api: ApiClient, business: Mapping[str, Any], days: Sequence[date], by: str) -> Shown:
    zone, first, last = ZoneInfo(business["time_zone"]), days[0], days[-1]
    calendar = await calendar_of(api, business, first, last + _A_DAY)
    since, until = beginning(calendar, first, zone), beginning(calendar, last + _A_DAY, zone)
    own, period = {"business_id": business["id"]}, {"from": first.isoformat(), "to": (last + _A_DAY).isoformat()}
    bookings, resources, exceptions, blocks = await asyncio.gather(
        api.rows("/bookings", _MOST, **own, **{"from": since.isoformat(), "to": until.isoformat()}),
        api.rows("/resources", _MOST, kind=by, active=True, **own),
        api.rows("/staff/exceptions", _MOST, **own, **period),
        api.rows("/blocks", _MOST, **own, **period),
    )
    taken = [one for one in bookings if one["status"] not in _OVER]
    return Shown(business, days, calendar, resources, exceptions, taken, blocks)


def _day(shown: Shown, f: Formats) -> list[Column]:
    """A column for each resource, and one for bookings that use none of them."""
    [day] = shown.days
    columns, known = [], {one["id"] for one in shown.resources}
    for one in shown.resources:
        calendar = own_calendar(one, shown.calendar, shown.exceptions, day, day + _A_DAY)
        cards = [*_visits(shown, day, one["id"]), *_blocks(shown, day, {one["id"], None})]
        columns.append(Column(day, f.text(one["name"]), one["id"], cards, calendar.ranges_on(day)))
    rest = [one for one in shown.bookings if not known & _resources(one)]
    if rest or not columns:
        cards = [_card(one, one["start_at"], one["end_at"], day, shown.zone) for one in rest]
        columns.append(Column(day, "", "", cards, shown.calendar.ranges_on(day)))
    return columns


def _week(shown: Shown, who: str, f: Formats) -> list[Column]:
    """A column for each day, of one resource or of everybody."""
    found = []
    resource = next((one for one in shown.resources if one["id"] == who), None)
    first, last = shown.days[0], shown.days[-1] + _A_DAY
    calendar = own_calendar(resource, shown.calendar, shown.exceptions, first, last) if resource else shown.calendar
    for day in shown.days:
        cards = _visits(shown, day, who) if who else _everybody(shown, day)
        blocks = _blocks(shown, day, {who, None} if who else None)
        found.append(Column(day, f.day(day), who, [*cards, *blocks], calendar.ranges_on(day)))
    return found


def _everybody(shown: Shown, day: date) -> list[Card]:
    return [_card(one, one["start_at"], one["end_at"], day, shown.zone) for one in _of_day(shown, day)]


def _visits(shown: Shown, day: date, resource: str) -> list[Card]:
    """The part of each visit that takes the resource."""
    cards = []
    for one in _of_day(shown, day):
        parts = [item for item in one["items"] if resource in item["resource_ids"]]
        if parts:
            start, end = min(item["start_at"] for item in parts), max(item["end_at"] for item in parts)
            cards.append(_card(one, start, end, day, shown.zone))
    return cards


def _of_day(shown: Shown, day: date) -> Iterable[Mapping[str, Any]]:
    for one in shown.bookings:
        if business_day(shown.calendar, datetime.fromisoformat(one["start_at"]), shown.zone) == day:
            yield one


def _card(booking: Mapping[str, Any], start: str, end: str, day: date, zone: ZoneInfo) -> Card:
    of = {**booking, "movable": booking["status"] in _MOVABLE}
    first, last = (minute_of(day, datetime.fromisoformat(at), zone) for at in (start, end))
    return Card(first, last, "booking", of)


def _blocks(shown: Shown, day: date, of: set[str | None] | None) -> list[Card]:
    """The blocks of these resources; None: of all."""
    begin, end = (beginning(shown.calendar, day + n * _A_DAY, shown.zone) for n in (0, 1))
    cards = []
    for one in shown.blocks:
        for time in one["times"] if of is None or one["resource_id"] in of else ():
            starts, ends = datetime.fromisoformat(time["starts_at"]), datetime.fromisoformat(time["ends_at"])
            if starts < end and ends > begin:
                first, last = max(starts, begin), min(ends, end)
                cards.append(
                    Card(minute_of(day, first, shown.zone), minute_of(day, last, shown.zone), "block", {**one, **time})
                )
    return cards


def _resources(booking: Mapping[str, Any]) -> set[str]:
    return {resource for item in booking["items"] for resource in item["resource_ids"]}
