"""The calendar file: its times are the instants that were booked, in every zone and hour, and later files replace it.

The file is read by two readers: `icalendar`, and a few lines here that know only RFC 5545's form of a UTC time.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar, Event

from domain.messages.kinds import NoticeKind
from providers.email.interface import Email
from tests.activities.templates.cases import NOW, START
from tests.activities.templates.contents import compose, content
from tests.support.sampling import sample

HOUR = timedelta(hours=1)
ZONES = [zone for zone in sorted(available_timezones()) if "/" in zone and not zone.startswith("Etc/")]


def event(email: Email) -> Event:
    [attachment] = email.attachments
    [found] = Calendar.from_ical(attachment.content).walk("VEVENT")
    assert isinstance(found, Event)
    return found


def method(email: Email) -> str:
    return str(Calendar.from_ical(email.attachments[0].content)["METHOD"])


def plainly_read(email: Email, name: str) -> datetime:
    """The time of a property, without the help of a library. Folded lines are joined first (RFC 5545, 3.1)."""
    file = email.attachments[0].content.decode().replace("\r\n ", "")
    [value] = re.findall(rf"(?m)^{name}:(\d{{8}}T\d{{6}}Z)\r?$", file)
    return datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def changes(zone: str, year: int) -> Iterator[datetime]:
    """The instants of a year at which the clock of a zone changes, to the minute."""
    at, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    rules = ZoneInfo(zone)
    while at < end:
        if at.astimezone(rules).utcoffset() != (at + HOUR).astimezone(rules).utcoffset():
            yield next(
                at + timedelta(minutes=minute)
                for minute in range(1, 61)
                if (at + timedelta(minutes=minute)).astimezone(rules).utcoffset() != at.astimezone(rules).utcoffset()
            )
        at += HOUR


def check(zone: str, at: datetime, length: timedelta = HOUR) -> None:
    email = compose(content(time_zone=zone, start_at=at, end_at=at + length))
    assert (plainly_read(email, "DTSTART"), plainly_read(email, "DTEND")) == (at, at + length)
    found = event(email)
    assert found.start.astimezone(UTC) == at
    assert found.end - found.start == length
    local = at.astimezone(ZoneInfo(zone))
    assert f"）{local.hour}:{local:%M}" in email.text  # the hour in the file is the hour in the mail


@pytest.mark.parametrize(
    ("zone", "at"),
    [
        ("Europe/London", datetime(2027, 10, 31, 1, 30, tzinfo=UTC)),  # 01:30 for the second time
        ("Europe/London", datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),  # 01:30 for the first time
        ("Africa/Casablanca", datetime(2027, 2, 7, 2, 30, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2027, 4, 3, 15, 15, tzinfo=UTC)),
        ("Asia/Tokyo", START),
    ],
)
def test_file_has_the_booked_instant(zone: str, at: datetime) -> None:
    check(zone, at)


@pytest.mark.parametrize("zone", sample(ZONES, one_in=40, purpose="calendar files"))
def test_file_has_the_booked_instant_around_each_change_of_the_clock(zone: str) -> None:
    for change in changes(zone, 2027):
        for minutes in (-90, -60, -30, 0, 30, 60, 90):
            check(zone, change + timedelta(minutes=minutes))


@given(
    st.integers(0, 2 * 365 * 24 * 12).map(lambda steps: START + timedelta(minutes=5 * steps)),
    st.sampled_from(["Asia/Tokyo", "Europe/London", "Africa/Casablanca", "America/New_York", "Pacific/Chatham"]),
    st.integers(1, 60 * 12).map(lambda minutes: timedelta(minutes=minutes)),
)
def test_file_has_the_booked_instant_at_any_time(at: datetime, zone: str, length: timedelta) -> None:
    check(zone, at, length)


def test_file_of_a_confirmation() -> None:
    email = compose(content(language="en", version=4))
    [attachment] = email.attachments
    assert (attachment.filename, attachment.content_type) == ("booking.ics", "text/calendar")
    found = event(email)
    assert method(email) == "PUBLISH"
    assert found["UID"] == f"booking-{content().booking_id}@omotenashi"
    assert (found["SEQUENCE"], found["STATUS"]) == (4, "CONFIRMED")
    assert found["DTSTAMP"].dt == NOW
    assert found["SUMMARY"] == "Hair Salon Hana Cut"
    assert found["LOCATION"] == "2F Hana Bldg., 4-99-1 Jingumae, Shibuya-ku, Tokyo 150-0001"
    for known in ("A7C9DFHK", "+81 3-5550-0123", "https://booking.example/bookings/"):
        assert known in found["DESCRIPTION"]
    assert found["ORGANIZER"] == "mailto:hello@salon-hana.example"


def test_file_of_a_series_has_all_its_bookings() -> None:
    first, second = content().booking_id, UUID(int=7)
    times = [(one, START + timedelta(weeks=week)) for week, one in enumerate((first, second))]
    series = [[str(one), at.isoformat(), (at + HOUR).isoformat()] for one, at in times]
    email = compose(content(language="en", facts={"series": series}))
    found = Calendar.from_ical(email.attachments[0].content).walk("VEVENT")
    assert [(str(one["UID"]), one.start, one.end - one.start) for one in found] == [
        (f"booking-{one}@omotenashi", at, HOUR) for one, at in times
    ]


@pytest.mark.parametrize("ends", [False, True])
def test_file_of_a_changed_series_replaces_all_its_events(ends: bool) -> None:
    first, second = content().booking_id, UUID(int=7)
    times = [(one, START + timedelta(weeks=week)) for week, one in enumerate((first, second))]
    series = [[str(one), at.isoformat(), (at + HOUR).isoformat(), 3, None] for one, at in times]
    kind = NoticeKind.BOOKING_CANCELLED if ends else NoticeKind.BOOKING_CHANGED
    status = "cancelled" if ends else "confirmed"
    email = compose(content(kind, language="en", version=3, booking_status=status, facts={"series": series}))
    found = Calendar.from_ical(email.attachments[0].content).walk("VEVENT")
    assert method(email) == ("CANCEL" if ends else "PUBLISH")
    assert [(str(one["UID"]), int(one["SEQUENCE"]), one["STATUS"]) for one in found] == [
        (f"booking-{one}@omotenashi", 3 + ends, status.upper()) for one, _ in times
    ]


def test_file_leaves_the_others_out_when_only_the_first_has_ended_since() -> None:
    series = [[str(UUID(int=7)), START.isoformat(), (START + HOUR).isoformat(), 1, None]]
    email = compose(content(NoticeKind.BOOKING_CHANGED, booking_status="cancelled", facts={"series": series}))
    assert len(Calendar.from_ical(email.attachments[0].content).walk("VEVENT")) == 1


def test_calendar_file_replaces_the_earlier_one() -> None:
    """Calendars take the file with the higher SEQUENCE (RFC 5545, 3.8.7.4)."""
    moved_at = START + timedelta(days=1)
    confirmed = compose(content(version=0))
    moved = compose(content(NoticeKind.BOOKING_CHANGED, version=1, start_at=moved_at, end_at=moved_at + HOUR))
    cancelled = compose(
        content(
            NoticeKind.BOOKING_CANCELLED,
            version=1,
            start_at=moved_at,
            end_at=moved_at + HOUR,
            booking_status="cancelled",
        )
    )
    files = [confirmed, moved, cancelled]
    assert [method(file) for file in files] == ["PUBLISH", "PUBLISH", "CANCEL"]
    assert len({event(file)["UID"] for file in files}) == 1
    sequence = [int(event(file)["SEQUENCE"]) for file in files]
    assert sequence == sorted(set(sequence))
    assert event(cancelled)["STATUS"] == "CANCELLED"
    assert event(cancelled)["ORGANIZER"] == event(confirmed)["ORGANIZER"]
    assert event(moved).start == moved_at


def test_request_is_tentative() -> None:
    email = compose(content(NoticeKind.BOOKING_CHANGED, booking_status="pending"))
    assert event(email)["STATUS"] == "TENTATIVE"


@pytest.mark.parametrize(
    "changes_",
    [
        {"audience": "business"},
        {"kind": NoticeKind.BOOKING_HELD, "booking_status": "pending"},
        {"kind": NoticeKind.PAYMENT_LATE, "booking_status": "expired", "facts": {"reinstated": False}},
    ],
)
def test_calendar_file_is_missing_where_nothing_is_in_a_calendar(changes_: dict[str, object]) -> None:
    assert compose(content(**changes_)).attachments == ()  # type: ignore[arg-type]
