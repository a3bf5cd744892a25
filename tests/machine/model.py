"""What the salon must look like: who has which hour of whom, what each booking cost, and who is next on the waitlist.

Nothing of the product is imported. An hour is a whole number of hours from the first hour that can be booked.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

HOUR = timedelta(hours=1)
PRICE = 6600
HOLD, APPROVAL, OFFER, LEAD = timedelta(minutes=10), timedelta(hours=3), timedelta(minutes=30), timedelta(hours=1)
#: A visit that nobody ended is completed so long after its end.
GRACE = timedelta(minutes=15)
#: How long a step of staff can be undone, and how long they have to end a visit again whose end was undone.
UNDO, AFTER_UNDO = timedelta(minutes=10), timedelta(hours=1)
MOST_MOVES = 3
LIVE = ("pending", "confirmed", "checked_in")
AHEAD = ("pending", "confirmed")
ENDED = ("completed", "no_show", "declined")
Unit = tuple[str, int]
"""A person, and the hour."""


def pick(names: list[str], number: int) -> str:
    return names[number % len(names)]


@dataclass
class Booking:
    """``paid``: at the provider. ``kept`` and ``back``: what the salon keeps of it, and what went back.

    ``walk_in``: the start of one that is in no hour of the grid; the hour of its unit means nothing. ``percent``: the
    penalty that was reached when the customer moved it. ``kept``: the penalty of an end that can still be undone.
    """

    unit: Unit
    prepaid: bool
    approval: bool
    hold_until: datetime | None
    status: str = "pending"
    approve_until: datetime | None = None
    paid: int = 0
    is_known: bool = False
    back: int = 0
    walk_in: datetime | None = None
    is_stranded: bool = False
    moves: int = 0
    percent: int = 0
    kept: int = 0
    undo_until: datetime | None = None
    undo_to: str = ""
    undone_at: datetime | None = None

    @property
    def is_secured(self) -> bool:
        return self.is_known or not self.prepaid

    @property
    def answer_by(self) -> datetime | None:
        """When a pending booking ends unless something happens."""
        return (self.approve_until or self.hold_until) if self.is_secured else self.hold_until


@dataclass
class Waiter:
    """One entry; ``asked``: hours that were offered and not withdrawn."""

    hours: range
    people: frozenset[str]
    ends: datetime
    status: str = "waiting"
    asked: set[int] = field(default_factory=set)
    unanswered: int = 0
    offer: Unit | None = None
    until: datetime | None = None


@dataclass
class Model:
    """``first``: when hour 0 begins. ``hours``: those that can be booked."""

    first: datetime
    hours: tuple[int, ...]
    people: tuple[str, str]
    now: datetime
    bookings: dict[str, Booking] = field(default_factory=dict)
    blocks: dict[str, Unit] = field(default_factory=dict)
    waiters: dict[str, Waiter] = field(default_factory=dict)

    def at(self, hour: int) -> datetime:
        return self.first + hour * HOUR

    # -- time ----------------------------------------------------------------------------------------------------

    def start(self, booking: Booking) -> datetime:
        return booking.walk_in or self.at(booking.unit[1])

    def taken(self, but: str = "") -> set[Unit]:
        """By bookings (except ``but``), blocks and offers. A unit that two of them had would be lost here, so `check`
        counts."""
        held = [(person, start) for person, start in self._holders(but)]
        return {
            (person, hour)
            for person, start in held
            for hour in self.hours
            if start < self.at(hour + 1) and self.at(hour) < start + HOUR
        }

    def is_free(self, person: str, start: datetime, but: str = "") -> bool:
        """Whether the person has nothing in the hour from ``start``."""
        return not any(one == person and abs(begins - start) < HOUR for one, begins in self._holders(but))

    def _holders(self, but: str = "") -> Iterator[tuple[str, datetime]]:
        for name, one in self.bookings.items():
            if one.status in LIVE and name != but:
                yield one.unit[0], self.start(one)
        for person, hour in self.blocks.values():
            yield person, self.at(hour)
        for waiter in self.waiters.values():
            if waiter.offer is not None:
                yield waiter.offer[0], self.at(waiter.offer[1])

    def check(self) -> None:
        """A booking that the salon cannot keep may lie under the block; nothing else is twice."""
        stranded = {one.unit for one in self.bookings.values() if one.status in LIVE and one.is_stranded}
        held = sorted(self._holders())
        for (person, start), (other, after) in pairwise(held):
            hour = (start - self.first) // HOUR
            if person == other and after - start < HOUR and (person, hour) not in stranded:
                raise AssertionError("the model itself sold something twice")

    def free(self, hour: int, people: frozenset[str] | None = None) -> list[Unit]:
        """Units of an hour that can be booked now."""
        taken = self.taken()
        wanted = [one for one in self.people if not people or one in people]
        is_open = self.now + LEAD <= self.at(hour)
        return [(one, hour) for one in wanted if is_open and (one, hour) not in taken]

    # -- the waitlist --------------------------------------------------------------------------------------------

    def offer_all(self) -> list[tuple[str, int]]:
        """Offer free hours in the order of joining; the entries with their hours. The caller says which person."""
        made = []
        taken = self.taken()
        for name, waiter in self.waiters.items():
            hour = self._next_hour(waiter, taken) if waiter.status == "waiting" else None
            if hour is not None:
                person = next(one for one in self._wanted(waiter) if (one, hour) not in taken)
                taken.add((person, hour))
                made.append((name, hour))
        return made

    def _wanted(self, waiter: Waiter) -> list[str]:
        return [one for one in self.people if not waiter.people or one in waiter.people]

    def _next_hour(self, waiter: Waiter, taken: set[Unit]) -> int | None:
        for hour in waiter.hours:
            can_answer = min(self.now + OFFER, self.at(hour) - LEAD) - self.now >= timedelta(minutes=5)
            if hour in waiter.asked or not can_answer:
                continue
            if any((one, hour) not in taken for one in self._wanted(waiter)):
                return hour
        return None

    def offered(self, name: str, unit: Unit) -> None:
        """The entry has this unit until it answers."""
        waiter = self.waiters[name]
        assert unit not in self.taken(), "an offer of time that is not free"
        waiter.status, waiter.offer = "offered", unit
        waiter.until = min(self.now + OFFER, self.at(unit[1]) - LEAD)
        waiter.asked.add(unit[1])

    def end_offer(self, name: str, how: str) -> None:
        """``how``: accepted, declined, lapsed, withdrawn or left."""
        waiter = self.waiters[name]
        assert waiter.offer is not None
        hour = waiter.offer[1]
        waiter.offer = waiter.until = None
        if how == "withdrawn":
            waiter.asked.discard(hour)
        waiter.unanswered = waiter.unanswered + 1 if how == "lapsed" else waiter.unanswered * (how == "withdrawn")
        waiter.status = {"accepted": "accepted", "left": "left"}.get(how, "waiting")
        if how == "lapsed" and waiter.unanswered >= 3:
            waiter.status = "ended"
        if waiter.status == "waiting" and waiter.ends <= self.now:
            waiter.status = "ended"

    # -- bookings ------------------------------------------------------------------------------------------------

    def book(self, name: str, unit: Unit, prepaid: bool, approval: bool) -> None:
        assert unit not in self.taken(), "a unit was sold twice"
        made = Booking(unit, prepaid, approval, self.now + HOLD if prepaid else None)
        made.approve_until = min(self.now + APPROVAL, self.at(unit[1])) if approval else None
        made.status = "pending" if prepaid or approval else "confirmed"
        self.bookings[name] = made

    def hear_of_money(self, name: str) -> None:
        """The webhook came, or the provider said so when the hold ended."""
        booking = self.bookings[name]
        if not booking.paid or booking.is_known:
            return
        booking.is_known = True
        if booking.status == "pending" and not booking.approval:
            booking.status = "confirmed"

    def tier(self, name: str) -> int:
        """The percent that its policy takes at this moment: nothing until 48 hours before, half until 24, then all."""
        ahead = (self.start(self.bookings[name]) - self.now) / HOUR
        return 0 if ahead >= 48 else 50 if ahead >= 24 else 100

    def percent(self, name: str) -> int:
        """What a cancellation by the customer costs, in percent of the price."""
        booking = self.bookings[name]
        if booking.is_stranded:
            return 0
        return booking.percent if booking.status == "pending" else max(booking.percent, self.tier(name))

    def penalty(self, name: str) -> int:
        """What the customer pays for a cancellation at this moment: never more than was paid online."""
        booking = self.bookings[name]
        return PRICE * self.percent(name) // 100 if booking.is_known else 0

    def moved(self, name: str) -> None:
        """No deadline of a booking is later than its start."""
        booking = self.bookings[name]
        start = self.at(booking.unit[1])
        booking.hold_until = booking.hold_until and min(booking.hold_until, start)
        booking.approve_until = booking.approve_until and min(booking.approve_until, start)

    def end(self, name: str, status: str, kept: int = 0) -> None:
        booking = self.bookings[name]
        booking.status, booking.is_stranded, booking.undo_until = status, False, None
        booking.back = booking.paid - min(kept, booking.paid)

    # -- the visit -----------------------------------------------------------------------------------------------

    def step(self, name: str, status: str, kept: int = 0) -> None:
        """Staff take a step that can be undone; its money waits."""
        booking = self.bookings[name]
        booking.undo_to, booking.undo_until = booking.status, self.now + UNDO
        booking.status, booking.kept, booking.is_stranded = status, kept, booking.is_stranded and status in LIVE

    def can_undo(self, name: str) -> bool:
        """Whether there is a step that can be undone now, and the time that it gave away is free."""
        booking = self.bookings[name]
        if booking.undo_until is None or (booking.undo_to == "pending" and self.now >= self._hold_ends(booking)):
            return False
        return booking.status in LIVE or self.is_free(booking.unit[0], self.start(booking), but=name)

    def _hold_ends(self, booking: Booking) -> datetime:
        ends = [booking.hold_until, booking.approve_until if booking.is_secured else None]
        return max(at for at in ends if at is not None)

    def undo(self, name: str) -> None:
        booking = self.bookings[name]
        if booking.status in ("completed", "no_show"):
            booking.undone_at = self.now
        booking.status, booking.undo_until = booking.undo_to, None

    def closes(self, booking: Booking) -> datetime:
        """When the visit is closed if nobody does it."""
        at = self.start(booking) + HOUR + GRACE
        return at if booking.undone_at is None else max(at, booking.undone_at + AFTER_UNDO)

    # -- time passes ---------------------------------------------------------------------------------------------

    def next_deadline(self, until: datetime) -> datetime:
        """The first moment up to ``until`` at which something ends by itself, else ``until``."""
        found = [until]
        for booking in self.bookings.values():
            if booking.status == "pending":
                found.append(booking.answer_by or until)
            if booking.status in ("confirmed", "checked_in"):
                found.append(self.closes(booking))
            if booking.undo_until is not None:
                found.append(booking.undo_until)
        for waiter in self.waiters.values():
            if waiter.status == "waiting":
                found.append(waiter.ends)
            if waiter.until is not None:
                found.append(waiter.until)
        return min(at for at in found if at > self.now)

    def pass_to(self, now: datetime) -> None:
        """At ``now``, end what ends by itself."""
        self.now = now
        for name in self.bookings:
            self._pass_booking(name)
        for name, waiter in self.waiters.items():
            if waiter.until is not None and waiter.until <= now:
                self.end_offer(name, "lapsed")
            if waiter.status == "waiting" and waiter.ends <= now:
                waiter.status = "ended"

    def _pass_booking(self, name: str) -> None:
        booking, now = self.bookings[name], self.now
        if booking.undo_until is not None and booking.undo_until <= now:
            booking.undo_until = None
            if booking.status in ENDED and booking.paid:
                booking.is_known = True
                booking.back = booking.paid - (booking.paid if booking.status == "completed" else booking.kept)
        if booking.status == "pending" and booking.answer_by is not None and booking.answer_by <= now:
            if booking.is_secured:
                self.end(name, "declined" if booking.approval else "expired")
            elif booking.paid:
                self.hear_of_money(name)
            else:
                self.end(name, "expired")
        if booking.status in ("confirmed", "checked_in") and self.closes(booking) <= now:
            booking.status, booking.undo_until = "completed", None
