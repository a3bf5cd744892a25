"""Opening hours as the API writes them, made into the calendar of the domain."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request

from api.pages.api_client import ApiClient
from api.v1.scheduling.schedules.hours_schemas import minutes
from db.scheduling.public_holidays import public_holidays
from domain.scheduling.business_days import business_day
from domain.scheduling.hours import WEEKDAYS, Calendar, MinuteRange, Ranges, WeeklyHours
from domain.scheduling.staff_exceptions import CalendarException, ExceptionKind, with_exceptions

_A_DAY = timedelta(days=1)


async def calendar_of(api: ApiClient, business: Mapping[str, Any], first: date, last: date) -> Calendar:
    """When the business is open, exact for the days ``first`` to ``last`` and the one before. Raises ApiError."""
    hours = await api.get(f"/businesses/{business['id']}/hours")
    one_off = {date.fromisoformat(one["day"]): _ranges(one["ranges"]) for one in hours["one_off"]}
    return Calendar(_week(hours), one_off, public_holidays(business["time_zone"], first - _A_DAY, last))


def own_calendar(
    resource: Mapping[str, Any], business: Calendar, exceptions: Sequence[Mapping[str, Any]], first: date, last: date
) -> Calendar:
    """When a person or room works: its own week or the business's, with its exceptions."""
    week = resource["working_hours"]
    usual = business if week is None else Calendar(_week(week), {}, business.public_holidays)
    own = [
        CalendarException(
            date.fromisoformat(one["first_day"]),
            date.fromisoformat(one["last_day"]),
            ExceptionKind(one["kind"]),
            _ranges(one["ranges"]),
        )
        for one in exceptions
        if one["resource_id"] == resource["id"]
    ]
    return with_exceptions(usual, own, first, last)


async def asked_day(request: Request, api: ApiClient, business: Mapping[str, Any]) -> tuple[date, date]:
    """The business day that the address names by ``?day`` or by a moment ``?at``, else today; and today."""
    zone, now = ZoneInfo(business["time_zone"]), request.app.state.services.now()
    day, at = _day(request.query_params.get("day", "")), _moment(request.query_params.get("at", ""))
    known = [one for one in (now, at) if one is not None]
    calendar = await calendar_of(api, business, min(known).date() - _A_DAY, max(known).date() + _A_DAY)
    today = business_day(calendar, now, zone)
    return day or (business_day(calendar, at, zone) if at else today), today


def _week(hours: Mapping[str, Any]) -> WeeklyHours:
    holiday = hours["public_holiday"]
    days = tuple(_ranges(hours["weekly"][name]) for name in WEEKDAYS)
    return WeeklyHours(days, None if holiday is None else _ranges(holiday))


def _ranges(written: Sequence[Mapping[str, str]]) -> Ranges:
    return tuple(MinuteRange(minutes(one["opens"]), minutes(one["closes"])) for one in written)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # Far from the ends of the calendar, so that days can be added, and where Postgres and the holidays know dates.
    return min(max(day, date(2000, 1, 10)), date(2098, 12, 1))


def _moment(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None and 2000 < at.year < 2098 else None
