"""Who would have got the message of an automation in the past, if it had been on. Pure rules.

It counts as the look of every morning does (`db.marketing.automations`): one message for each cause, one a week for
each person, campaigns and other automations included, and what had to wait comes up to :data:`STILL_DUE` days late.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.marketing.automations import AT, DAYS_APART, STILL_DUE

_DAY = timedelta(days=1)
_WEEK = timedelta(days=DAYS_APART)


@dataclass(frozen=True, slots=True)
class PastEvent:
    """Something that a message follows from. ``person``: the address, because records with the same one are one person.
    ``due``: the day of the message. ``ended_at``: when something was booked that makes the message wrong. ``answers``:
    what was said about advertising, oldest first. ``others``: when the person got other advertising."""

    customer_id: UUID
    person: str
    cause: str
    due: date
    ended_at: datetime | None
    answers: Sequence[tuple[datetime, bool]]
    others: Sequence[datetime]


@dataclass(frozen=True, slots=True)
class WouldHave:
    """A message that would have been sent at ``at``."""

    customer_id: UUID
    at: datetime


def would_have(events: Iterable[PastEvent], last: date, zone: str) -> list[WouldHave]:
    """The messages of the mornings up to ``last``, by time, the newest first; those of one morning by customer."""
    of_person: dict[str, list[PastEvent]] = {}
    for event in events:
        of_person.setdefault(event.person, []).append(event)
    place = ZoneInfo(zone)
    found = [one for own in of_person.values() for one in _of_person(own, last, place)]
    return sorted(found, key=lambda one: (one.at, one.customer_id), reverse=True)


def _of_person(events: list[PastEvent], last: date, place: ZoneInfo) -> Iterator[WouldHave]:
    waiting = sorted(events, key=lambda event: (event.due, event.cause))
    others = {at: at.astimezone(place).date() for event in events for at in event.others}
    day, latest = waiting[0].due, None
    while waiting and day <= last:
        at = datetime.combine(day, AT, place)
        waiting = [event for event in waiting if event.due + timedelta(days=STILL_DUE) >= day]
        if not (latest is not None and day - latest < _WEEK) and not _had_other(others, at, day):
            sent = next((event for event in waiting if event.due <= day and _is_wanted(event, at)), None)
            if sent is not None:
                yield WouldHave(sent.customer_id, at.astimezone(UTC))
                waiting.remove(sent)
                latest = day
        day = max(day + _DAY, waiting[0].due) if waiting else day


def _had_other(others: Mapping[datetime, date], at: datetime, day: date) -> bool:
    return any(sent_at <= at and day - sent < _WEEK for sent_at, sent in others.items())


def _is_wanted(event: PastEvent, at: datetime) -> bool:
    """Nothing was booked before, and the last answer before was yes."""
    said = [granted for said_at, granted in event.answers if said_at < at]
    return (event.ended_at is None or event.ended_at >= at) and bool(said) and said[-1]
