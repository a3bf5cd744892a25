"""Automations: when something happened, then a message, after a time. Pure rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from domain.errors import InvalidInput


class AutomationKind(StrEnum):
    """The event of an automation. Its action is always one message."""

    FIRST_VISIT = "first_visit"  # thank after the first visit
    NO_VISIT = "no_visit"  # win back who has not come for a long time
    BIRTHDAY = "birthday"
    REBOOK = "rebook"  # some weeks after a visit, as long as nothing new is booked


@dataclass(frozen=True, slots=True)
class DayRules:
    """How many days lie between the event and the message. ``before``: the message comes before the event."""

    usual: int
    least: int
    most: int
    before: bool = False


DAYS: Mapping[AutomationKind, DayRules] = {
    AutomationKind.FIRST_VISIT: DayRules(1, 1, 30),
    AutomationKind.NO_VISIT: DayRules(90, 30, 730),
    AutomationKind.BIRTHDAY: DayRules(0, 0, 30, before=True),
    AutomationKind.REBOOK: DayRules(35, 7, 180),
}
#: Kinds that may be about visits with one service alone.
WITH_SERVICE = frozenset({AutomationKind.REBOOK})

#: The time of the day, in the zone of the business, at which messages are looked for.
AT = time(10, 0)
#: A message that could not be sent on its day (the limit, an outage) is still sent this many days later, not after.
STILL_DUE = 7
#: Between two advertising messages of a business to one customer, campaigns included, lie at least so many days. A
#: campaign is a person's own decision and does not wait; automations do.
DAYS_APART = 7
#: Days that a dry run looks back.
DRY_RUN_DAYS = 30


def check_days(kind: AutomationKind, days: int) -> None:
    """Raise InvalidInput for a number of days that the kind does not allow."""
    if not DAYS[kind].least <= days <= DAYS[kind].most:
        raise InvalidInput.at("days", "days_of_kind")


def check_service(kind: AutomationKind, has_service: bool) -> None:
    """Raise InvalidInput for a service where the kind knows none."""
    if has_service and kind not in WITH_SERVICE:
        raise InvalidInput.at("service_id", "no_service_of_kind")


def next_look(now: datetime, zone: str) -> datetime:
    """The next time after ``now`` at which messages are looked for; aware UTC as ``now``."""
    place = ZoneInfo(zone)
    today = now.astimezone(place).date()
    for day in (today, today + timedelta(days=1)):
        at = datetime.combine(day, AT, place).astimezone(now.tzinfo)
        if at > now:
            return at
    return now + timedelta(days=1)


def events_between(kind: AutomationKind, days: int, first: date, last: date) -> tuple[date, date]:
    """The days of events whose messages are due from ``first`` to ``last``, both included."""
    shift = timedelta(days=days if DAYS[kind].before else -days)
    return first + shift, last + shift


def due_day(kind: AutomationKind, days: int, event: date) -> date:
    """The day on which the message of an event is due."""
    return event - timedelta(days=days) if DAYS[kind].before else event + timedelta(days=days)
