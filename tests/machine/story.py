"""The state machine: each rule is one request or event, done in the salon and in the model; then both are compared."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, TypeVar

from httpx import Response
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.machine.model import AHEAD, HOUR, LIVE, PRICE, Model, Unit, Waiter, pick
from tests.machine.salon import TOKYO, StorySalon

T = TypeVar("T")
#: Hours of the first day, and of the same day a week later, where the second visits of series are.
HOURS = tuple(range(3))
WEEK = 7 * 24
NUMBERS = st.integers(0, 9)
LENGTHS = st.integers(1, 3)
#: Which of the two people somebody waits for.
PEOPLE = st.sampled_from([None, None, 0, 1])


class Story(RuleBasedStateMachine):
    """``open_salon`` and ``loop`` are set by the test: the loop runs in another thread and has the connections."""

    open_salon: ClassVar[Callable[[], Coroutine[Any, Any, StorySalon]]]
    loop: ClassVar[asyncio.AbstractEventLoop]

    def await_(self, step: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(step, self.loop).result(600)

    @initialize(waits=st.lists(st.tuples(NUMBERS, LENGTHS, PEOPLE), min_size=2, max_size=4))
    def begin(self, waits: list[tuple[int, int, int | None]]) -> None:
        """The first day is sold out, and some people wait."""
        self.salon = self.await_(type(self).open_salon())
        salon = self.salon
        people = (str(salon.ids.resources[0]), str(salon.ids.resources[1]))
        hours = (*HOURS, *(hour + WEEK for hour in HOURS))
        self.model = Model(salon.day + timedelta(hours=10), hours, people, salon.clock.now())
        for hour in (*HOURS, *HOURS):
            self.await_(self._book(hour, "plain", opens=False))
        for wait in waits:
            self.join(*wait)

    # -- rules: bookings -----------------------------------------------------------------------------------------

    @rule(number=NUMBERS, service=st.sampled_from(["plain", "plain", "paid", "asked"]), opens=st.booleans())
    def book(self, number: int, service: str, opens: bool) -> None:
        self.await_(self._book(self.model.hours[number % len(self.model.hours)], service, opens))
        self.compare()

    @rule(number=NUMBERS)
    @precondition(lambda self: self._pending_paid())
    def pay(self, number: int) -> None:
        """The customer pays at the provider; nobody here knows yet."""
        name = pick(self._pending_paid(), number)
        if self.salon.provider.pay(self.salon.intents[name]):
            self.model.bookings[name].paid = PRICE
        self.compare()

    @rule(number=NUMBERS)
    @precondition(lambda self: self._unheard())
    def hear(self, number: int) -> None:
        """The webhook comes, perhaps for a booking that is over."""
        name = pick(self._unheard(), number)
        self.await_(self._hear(name))
        self.compare()

    @rule(number=NUMBERS, approves=st.booleans())
    @precondition(lambda self: self._live())
    def answer_request(self, number: int, approves: bool) -> None:
        """The owner approves or declines, also what needs no answer or is not paid."""
        self.await_(self._answer_request(pick(self._live(), number), approves))
        self.compare()

    @rule(number=NUMBERS, by_customer=st.booleans())
    @precondition(lambda self: self._live())
    def cancel(self, number: int, by_customer: bool) -> None:
        self.await_(self._cancel(pick(self._live(), number), by_customer))
        self.compare()

    @rule(number=NUMBERS, to=NUMBERS)
    @precondition(lambda self: self.ahead())
    def move(self, number: int, to: int) -> None:
        """The owner moves a booking."""
        self.await_(self._move(pick(self.ahead(), number), self.model.hours[to % len(self.model.hours)]))
        self.compare()

    @rule(number=NUMBERS, takes_all=st.booleans())
    def book_series(self, number: int, takes_all: bool) -> None:
        """Two weeks, paid at the venue."""
        self.await_(self._book_series(HOURS[number % len(HOURS)], takes_all))
        self.compare()

    # -- rules: blocks -------------------------------------------------------------------------------------------

    @rule(number=NUMBERS, person=st.integers(0, 1))
    def block(self, number: int, person: int) -> None:
        hour = self.model.hours[number % len(self.model.hours)]
        self.await_(self._block((self.model.people[person], hour)))
        self.compare()

    @rule(number=NUMBERS)
    @precondition(lambda self: self.model.blocks)
    def unblock(self, number: int) -> None:
        name = pick(list(self.model.blocks), number)
        answer = self.await_(self.salon.ask("DELETE", f"/blocks/{name}", "owner"))
        assert answer.status_code == 200, answer.text
        unit = self.model.blocks.pop(name)
        for booking in self.model.bookings.values():
            booking.is_stranded = booking.is_stranded and booking.unit != unit
        self.compare()

    # -- rules: the waitlist -------------------------------------------------------------------------------------

    @rule(number=NUMBERS, length=LENGTHS, only=PEOPLE)
    @precondition(lambda self: len(self.model.waiters) < 6)
    def join(self, number: int, length: int, only: int | None) -> None:
        first = HOURS[number % len(HOURS)]
        hours = range(first, min(first + length, HOURS[-1] + 1))
        self.await_(self._join(hours, frozenset() if only is None else frozenset({self.model.people[only]})))
        self.compare()

    @rule(number=NUMBERS, how=st.sampled_from(["accept", "accept", "decline", "leave"]))
    @precondition(lambda self: self._asked())
    def answer_offer(self, number: int, how: str) -> None:
        self.await_(self._answer_offer(pick(self._asked(), number), how))
        self.compare()

    # -- rules: time ---------------------------------------------------------------------------------------------

    @rule(minutes=st.sampled_from([1, 5, 10, 30, 60, 6 * 60, 12 * 60]))
    def wait(self, minutes: int) -> None:
        """Time passes."""
        self.wait_until(self.model.now + timedelta(minutes=minutes))
        self.compare()

    # -- both are compared ---------------------------------------------------------------------------------------

    def compare(self) -> None:
        self.await_(self._compare())
        self.wait_until(self.model.now + timedelta(seconds=1))  # no two deadlines are at the same moment

    def wait_until(self, until: datetime) -> None:
        """Time passes, from one deadline to the next."""
        while self.model.now < until:
            deadline = self.model.next_deadline(until)
            self.model.pass_to(deadline)
            self.salon.clock.at = deadline
            if deadline < until:
                self.await_(self._compare())

    async def _compare(self) -> None:
        model, salon = self.model, self.salon
        await salon.runs.settle()
        await self._compare_waitlist()
        found = await salon.bookings()
        assert found.keys() == model.bookings.keys()
        for name, booking in model.bookings.items():
            row = found[name]
            taken = [booking.unit[0]] if booking.status in LIVE else []
            seen = (row["status"], row["start_at"], row["claimed"])
            assert seen == (booking.status, model.start(booking), taken), (name, booking)
            if booking.is_known or booking.back:
                assert (row["captured"], row["refunded"]) == (booking.paid, booking.back), (name, booking)
        model.check()

    async def _compare_waitlist(self) -> None:
        model = self.model
        entries = await self.salon.entries()
        assert entries.keys() == model.waiters.keys()
        self._take_offers(entries)
        for name, waiter in model.waiters.items():
            row = entries[name]
            unit = (row["resource_id"], (row["start_at"] - model.first) // HOUR) if row["start_at"] else None
            assert (row["status"], unit, row["expires_at"]) == (waiter.status, waiter.offer, waiter.until), (
                name,
                waiter,
            )

    def _take_offers(self, entries: dict[str, dict[str, Any]]) -> None:
        """The model offers what is free; the salon has offered the same, and says of whom."""
        model = self.model
        for name, hour in model.offer_all():
            row = entries[name]
            assert (row["status"], row["start_at"]) == ("offered", model.at(hour)), (name, hour, model.waiters[name])
            model.offered(name, (row["resource_id"], hour))

    def teardown(self) -> None:
        if hasattr(self, "model"):
            self.await_(self._end())

    async def _end(self) -> None:
        """Everything ends by itself; then the auditor finds nothing, and each yen is where the provider has it."""
        model, salon = self.model, self.salon
        for name in self._unheard():
            await self._hear(name)
            await self._compare()
        await self._compare_availability()
        last = model.at(max(model.hours)) + 3 * HOUR
        while model.now < last:
            model.pass_to(model.next_deadline(last))
            salon.clock.at = model.now
            await self._compare()
        assert await salon.violations() == []
        for row in await salon.money():
            assert (row["captured"], row["refunded"]) == row["at_provider"], row
            assert (row["in_ledger"], row["back_in_ledger"]) == row["at_provider"], row

    async def _compare_availability(self) -> None:
        """What everybody can book over HTTP is what the model has free."""
        model = self.model
        for first in (0, WEEK):
            day: date = model.at(first).astimezone(TOKYO).date()
            found = await self.salon.free_starts(day.isoformat())
            for hour in (one + first for one in HOURS):
                if model.at(hour) - model.now > 2 * HOUR:
                    assert found.get(model.at(hour), 0) == len(model.free(hour)), (hour, found)

    # -- steps ---------------------------------------------------------------------------------------------------

    async def _book(self, hour: int, service: str, opens: bool) -> None:
        salon, model = self.salon, self.model
        user = await salon.new_user()
        body = {"service_id": str(salon.services[service]), "start_at": model.at(hour).isoformat()}
        answer = await salon.ask("POST", "/bookings", user, body)
        free = model.free(hour)
        if not free:
            assert answer.status_code in {409, 422}, answer.text
            return
        assert answer.status_code == 201, answer.text
        name = answer.json()["data"]["id"]
        salon.users[name] = user
        unit = self._unit(answer.json()["data"], hour)
        assert unit in free
        model.book(name, unit, service != "plain", service == "asked")
        if service != "plain" and opens:
            assert await salon.open_payment(name)

    @staticmethod
    def _unit(booking: dict[str, Any], hour: int) -> Unit:
        [resource] = booking["items"][0]["resource_ids"]
        return resource, hour

    async def _hear(self, name: str) -> None:
        model, booking = self.model, self.model.bookings[name]
        await self.salon.send_webhook(name)
        if booking.status in LIVE:
            model.hear_of_money(name)
        booking.is_known = True

    async def _answer_request(self, name: str, approves: bool) -> None:
        model, booking = self.model, self.model.bookings[name]
        answer = await self.salon.ask("POST", f"/bookings/{name}/{'confirm' if approves else 'decline'}", "owner", {})
        if booking.status != "pending" or (approves and not booking.is_secured):
            assert answer.status_code == 409 or (approves and booking.status == "confirmed"), answer.text
            return
        assert answer.status_code == 200, answer.text
        if approves:
            booking.status = "confirmed"
        else:
            model.step(name, "declined")

    async def _cancel(self, name: str, by_customer: bool) -> None:
        model, booking = self.model, self.model.bookings[name]
        by_customer = by_customer and self.salon.users[name] != self.salon.ids.owner_id  # a walk-in has no login
        kept = model.penalty(name) if by_customer else 0
        who = self.salon.users[name] if by_customer else "owner"
        quote = await self.salon.ask("POST", f"/bookings/{name}/cancellation-quote", who)
        answer = await self.salon.ask("POST", f"/bookings/{name}/cancel", who, {})
        if by_customer and model.start(booking) <= model.now and not booking.is_stranded:
            assert answer.status_code in {409, 422}, answer.text
            return
        assert answer.status_code == 200, answer.text
        if booking.is_known:
            assert answer.json()["data"]["penalty"]["amount"] == kept
            assert answer.json()["data"]["refunding"]["amount"] == booking.paid - kept
        assert quote.json()["data"]["penalty"] == answer.json()["data"]["penalty"]
        model.end(name, "cancelled", kept)

    async def _move(self, name: str, hour: int) -> None:
        model, booking = self.model, self.model.bookings[name]
        body = {"start_at": model.at(hour).isoformat()}
        answer = await self.salon.ask("POST", f"/bookings/{name}/reschedule", "owner", body)
        if hour == booking.unit[1]:
            assert answer.status_code == 200, answer.text
            return
        free = [(person, hour) for person in model.people if (person, hour) not in model.taken()]
        if not free or model.at(hour) < model.now:
            assert answer.status_code in {409, 422}, answer.text
            return
        self._now_at(name, hour, free, answer)

    def _now_at(self, name: str, hour: int, free: list[Unit], answer: Response) -> None:
        """It was moved to one of the free units."""
        assert answer.status_code == 200, answer.text
        booking = self.model.bookings[name]
        booking.unit, booking.is_stranded = self._unit(answer.json()["data"], hour), False
        booking.walk_in = None
        assert booking.unit in free
        self.model.moved(name)

    async def _book_series(self, hour: int, takes_all: bool) -> None:
        salon, model = self.salon, self.model
        user = await salon.new_user()
        recurrence = {"frequency": "weekly", "count": 2}
        body = {"service_id": str(salon.ids.service_id), "start_at": model.at(hour).isoformat()}
        body |= {"recurrence": recurrence, "take": "all" if takes_all else "free"}  # type: ignore[dict-item]
        answer = await salon.ask("POST", "/bookings/series", user, body)
        free = {one: model.free(one) for one in (hour, hour + WEEK)}
        possible = [one for one, units in free.items() if units]
        if not possible or (takes_all and len(possible) < 2):
            assert answer.status_code in {409, 422}, answer.text
            return
        assert answer.status_code == 201, answer.text
        made = {one["start_at"]: one["booking_id"] for one in answer.json()["data"]["occurrences"] if one["booking_id"]}
        assert {datetime.fromisoformat(at) for at in made} == {model.at(one) for one in possible}
        rows = await salon.bookings()
        for at, name in made.items():
            salon.users[name] = user
            one = (datetime.fromisoformat(at) - model.first) // HOUR
            [person] = rows[name]["claimed"]
            model.book(name, (person, one), prepaid=False, approval=False)

    async def _block(self, unit: Unit) -> None:
        salon, model = self.salon, self.model
        person, hour = unit
        times = {"starts_at": model.at(hour).isoformat(), "ends_at": model.at(hour + 1).isoformat()}
        body = {"business_id": str(salon.ids.business_id), "resource_id": person, **times}
        answer = await salon.ask("POST", "/blocks", "owner", body)
        # One that the salon cannot keep anyway is in nobody's way.
        booked = [one for one in model.bookings.values() if one.unit == unit and one.status in LIVE]
        is_booked = any(not one.is_stranded for one in booked)
        if is_booked or unit in model.blocks.values():
            if is_booked and model.now < model.at(hour):
                assert answer.status_code == 409, answer.text
            if answer.status_code != 201:
                return
        if model.at(hour) < model.now:
            return
        assert answer.status_code == 201, answer.text
        name = answer.json()["data"]["id"]
        for entry in [name for name, waiter in model.waiters.items() if waiter.offer == unit]:
            model.end_offer(entry, "withdrawn")
        if unit in model.blocks.values():
            await salon.ask("DELETE", f"/blocks/{name}", "owner")
            return
        model.blocks[name] = unit

    async def _join(self, hours: range, people: frozenset[str]) -> None:
        salon, model = self.salon, self.model
        day = model.first.astimezone(TOKYO).date().isoformat()
        times = [{"begins": f"{10 + hours.start:02}:00", "ends": f"{10 + hours.stop:02}:00"}]
        body = {"service_id": str(salon.ids.service_id), "first_day": day, "last_day": day, "times": times}
        body |= {"resource_ids": sorted(people)}
        answer = await salon.ask("POST", "/waitlist", await salon.new_user(), body)
        ends = model.at(hours.stop - 1) - HOUR  # its last time, less the lead time of an hour
        if any(model.free(hour, people) for hour in hours) or ends <= model.now:
            assert answer.status_code in {409, 422}, answer.text
            return
        assert answer.status_code == 201, answer.text
        name = answer.json()["data"]["id"]
        model.waiters[name] = Waiter(hours, people, ends)
        [salon.users[name]] = await salon.users_of(name)

    async def _answer_offer(self, name: str, how: str) -> None:
        salon, model = self.salon, self.model
        waiter = model.waiters[name]
        unit = waiter.offer
        assert unit is not None
        method, path = ("DELETE", "") if how == "leave" else ("POST", f"/{how}")
        answer = await salon.ask(method, f"/waitlist/{name}{path}", salon.users[name])
        assert answer.status_code in {200, 201}, answer.text
        model.end_offer(name, {"accept": "accepted", "decline": "declined", "leave": "left"}[how])
        if how == "accept":
            [booking] = await salon.booking_of(name)
            salon.users[booking] = salon.users[name]
            model.book(booking, unit, prepaid=False, approval=False)

    # -- what can happen -----------------------------------------------------------------------------------------

    def _live(self) -> list[str]:
        return [name for name, one in self.model.bookings.items() if one.status in LIVE]

    def ahead(self) -> list[str]:
        return [name for name, one in self.model.bookings.items() if one.status in AHEAD]

    def _pending_paid(self) -> list[str]:
        of = self.model.bookings
        return [name for name in self.salon.intents if of[name].status == "pending" and not of[name].paid]

    def _unheard(self) -> list[str]:
        return [name for name in self.salon.intents if (one := self.model.bookings[name]).paid and not one.is_known]

    def _asked(self) -> list[str]:
        return [name for name, one in self.model.waiters.items() if one.offer is not None]
