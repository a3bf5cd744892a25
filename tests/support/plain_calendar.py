"""A reader of iCalendar files that knows RFC 5545 and no library: the one that feeds and attachments are checked with.

It refuses what the standard forbids: lines that do not end in CRLF or are longer than 75 octets, components that do not
close, properties that are missing or there twice, and times that are not in UTC.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

_LINE = re.compile(r"(?P<name>[A-Za-z0-9-]+)(?P<params>(?:;[A-Za-z0-9-]+=(?:\"[^\"]*\"|[^\";:,]*))*):(?P<value>.*)")
_TIME = re.compile(r"\d{8}T\d{6}Z")
_ONCE = ("UID", "DTSTAMP", "DTSTART", "DTEND", "SEQUENCE", "SUMMARY", "STATUS")


@dataclass(frozen=True)
class PlainEvent:
    """One VEVENT. Times are aware UTC."""

    uid: str
    sequence: int
    stamp: datetime
    starts_at: datetime
    ends_at: datetime
    summary: str
    status: str
    description: str


def read_calendar(file: bytes) -> tuple[dict[str, str], list[PlainEvent]]:
    """The properties of the calendar, and its events in their order. Raises AssertionError for what is not valid."""
    calendar: dict[str, str] = {}
    events: list[PlainEvent] = []
    path: list[str] = []
    current: dict[str, str] = {}
    for name, value in _lines(file):
        if name == "BEGIN":
            path.append(value)
            current = {}
        elif name == "END":
            assert path.pop() == value, "closes another component"
            if value == "VEVENT":
                events.append(_event(current))
        else:
            target = calendar if path == ["VCALENDAR"] else current
            assert path in (["VCALENDAR"], ["VCALENDAR", "VEVENT"]), path
            assert name not in target, f"{name} is there twice"
            target[name] = value
    assert path == [], "not closed"
    assert calendar["VERSION"] == "2.0"
    assert calendar["PRODID"]
    uids = [event.uid for event in events]
    assert len(set(uids)) == len(uids), "a UID is there twice"
    return calendar, events


def _lines(file: bytes) -> list[tuple[str, str]]:
    assert file.endswith(b"\r\n")
    lines = file[:-2].split(b"\r\n")
    assert not any(b"\n" in line or b"\r" in line for line in lines), "a line that does not end in CRLF"
    assert max(map(len, lines)) <= 75, "a line of more than 75 octets"
    unfolded: list[bytes] = []
    for line in lines:
        if line[:1] in (b" ", b"\t"):
            unfolded[-1] += line[1:]
        else:
            unfolded.append(line)
    found = []
    for line in unfolded:
        match = _LINE.fullmatch(line.decode("utf-8"))
        assert match, line
        found.append((match["name"].upper(), match["value"]))
    return found


def _event(found: dict[str, str]) -> PlainEvent:
    missing = [name for name in _ONCE if name not in found]
    assert missing == []
    event = PlainEvent(
        uid=found["UID"],
        sequence=int(found["SEQUENCE"]),
        stamp=_time(found["DTSTAMP"]),
        starts_at=_time(found["DTSTART"]),
        ends_at=_time(found["DTEND"]),
        summary=_text(found["SUMMARY"]),
        status=found["STATUS"],
        description=_text(found.get("DESCRIPTION", "")),
    )
    assert event.starts_at < event.ends_at
    assert event.status in {"TENTATIVE", "CONFIRMED", "CANCELLED"}
    assert (found.get("TRANSP", "OPAQUE") == "TRANSPARENT") == (event.status == "CANCELLED")
    return event


def _time(value: str) -> datetime:
    assert _TIME.fullmatch(value), f"{value} is not a time in UTC"
    return datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def _text(value: str) -> str:
    return re.sub(r"\\([\\;,nN])", lambda found: "\n" if found[1] in "nN" else found[1], value)
