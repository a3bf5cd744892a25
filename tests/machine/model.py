"""What the salon must look like: who has which hour of whom, what each booking cost, and who is next on the waitlist.

Nothing of the product is imported. An hour is a whole number of hours from the first hour that can be booked.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)
PRICE = 6600
HOLD, APPROVAL, OFFER, LEAD = timedelta(minutes=10), timedelta(hours=3), timedelta(minutes=30), timedelta(hours=1)
#: A visit that nobody ended is completed so long after its end.
GRACE = timedelta(minutes=15)
LIVE = ("pending", "confirmed")
Unit = tuple[str, int]
"""A person, and the hour."""


@dataclass
class Booking:
    """``paid``: at the provider. ``kept`` and ``back``: what the salon keeps of it, and what went back."""

    unit: Unit
    prepaid: bool
    approval: bool
    hold_until: datetime | None
    status: str = "pending"
    approve_until: datetime | None = None
    paid: int = 0
    is_known: bool = False
    back: int = 0

    @property
    def is_secured(self) -> bool:
        return self.is_known or not self.prepaid


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

    def taken(self) -> set[Unit]:
        """By bookings, blocks and offers. A unit that two of them had would be lost here, so `check` counts."""
        return set(self._holders())

    def _holders(self) -> Iterator[Unit]:
        yield from (one.unit for one in self.bookings.values() if one.status in LIVE)
        yield from self.blocks.values()
        yield from (one.offer for one in self.waiters.values() if one.offer is not None)

    def check(self) -> None:
        holders = list(self._holders())
        assert len(holders) == len(set(holders)), "the model itself sold something twice"

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

    def penalty(self, name: str) -> int:
        """What its policy costs the customer at this moment: nothing until 48 hours before, half until 24, then all."""
        booking = self.bookings[name]
        ahead = (self.at(booking.unit[1]) - self.now) / HOUR
        return PRICE * (0 if ahead >= 48 else 50 if ahead >= 24 else 100) // 100

    def moved(self, name: str) -> None:
        """No deadline of a booking is later than its start."""
        booking = self.bookings[name]
        start = self.at(booking.unit[1])
        booking.hold_until = booking.hold_until and min(booking.hold_until, start)
        booking.approve_until = booking.approve_until and min(booking.approve_until, start)

    def end(self, name: str, status: str, kept: int = 0) -> None:
        booking = self.bookings[name]
        booking.status = status
        booking.back = booking.paid - min(kept, booking.paid)

    # -- time passes ---------------------------------------------------------------------------------------------

    def next_deadline(self, until: datetime) -> datetime:
        """The first moment up to ``until`` at which something ends by itself, else ``until``."""
        found = [until]
        for booking in self.bookings.values():
            if booking.status == "pending":
                found.append((booking.approve_until if booking.is_secured else booking.hold_until) or until)
            if booking.status == "confirmed":
                found.append(self.at(booking.unit[1]) + HOUR + GRACE)
        for waiter in self.waiters.values():
            if waiter.status == "waiting":
                found.append(waiter.ends)
            if waiter.until is not None:
                found.append(waiter.until)
        return min(at for at in found if at > self.now)

    def pass_to(self, now: datetime) -> None:
        """At ``now``, end what ends by itself."""
        self.now = now
        for name, booking in self.bookings.items():
            held_until = booking.hold_until
            if booking.status == "pending" and not booking.is_secured and held_until and held_until <= now:
                if booking.paid:
                    self.hear_of_money(name)
                else:
                    self.end(name, "expired")
            answer_by = booking.approve_until
            if booking.status == "pending" and booking.is_secured and answer_by and answer_by <= now:
                self.end(name, "declined")
            if booking.status == "confirmed" and self.at(booking.unit[1]) + HOUR + GRACE <= now:
                booking.status = "completed"
        for name, waiter in self.waiters.items():
            if waiter.until is not None and waiter.until <= now:
                self.end_offer(name, "lapsed")
            if waiter.status == "waiting" and waiter.ends <= now:
                waiter.status = "ended"
