"""More rules: customers move their bookings, staff attend visits and take them back, and money comes late."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.machine.model import APPROVAL, HOUR, MOST_MOVES, PRICE, Booking, pick
from tests.machine.story import NUMBERS, Story

#: A moment after everything that is in the model.
_FAR = timedelta(days=60)


class WholeStory(Story):
    """Everything that can happen."""

    # -- rules ---------------------------------------------------------------------------------------------------

    @rule(number=NUMBERS, to=NUMBERS)
    @precondition(lambda self: self._own())
    def move_oneself(self, number: int, to: int) -> None:
        """The customer moves a booking, by the terms of its policy."""
        self.await_(self._move_oneself(pick(self._own(), number), self.model.hours[to % len(self.model.hours)]))
        self.compare()

    @rule(number=NUMBERS, step=st.sampled_from(["check-in", "complete", "no-show", "no-show, free"]))
    @precondition(lambda self: self.model.bookings)
    def attend(self, number: int, step: str) -> None:
        """Staff say what became of a visit, of one that is near if there is any."""
        near = [
            name for name in self._live() if self.model.start(self.model.bookings[name]) - self.model.now < 2 * HOUR
        ]
        self.await_(self._attend(pick(near or list(self.model.bookings), number), step))
        self.compare()

    @rule(number=NUMBERS)
    @precondition(lambda self: self._steps())
    def undo(self, number: int) -> None:
        self.await_(self._undo(pick(self._steps(), number)))
        self.compare()

    @rule()
    @precondition(lambda self: sum(one.walk_in is not None for one in self.model.bookings.values()) < 3)
    def walk_in(self) -> None:
        self.await_(self._walk_in())
        self.compare()

    @rule(number=NUMBERS, minutes=st.sampled_from([5, 30, 120]))
    def hold_by_phone(self, number: int, minutes: int) -> None:
        """Staff hold an hour for somebody on the phone, who has so long to answer."""
        self.await_(self._hold_by_phone(self.model.hours[number % len(self.model.hours)], minutes))
        self.compare()

    @rule(number=NUMBERS)
    @precondition(lambda self: self.ahead())
    def block_over(self, number: int) -> None:
        """The owner keeps the hour of a booking free and says so: the booking is offered another time."""
        self.await_(self._block_over(pick(self.ahead(), number)))
        self.compare()

    @rule(takes=st.booleans(), writes=st.booleans())
    @precondition(lambda self: self._unpaid_next() is not None)
    def pay_late(self, takes: bool, writes: bool) -> None:
        """The workers stand still while a hold ends; somebody else may want its hour; then it is paid after all."""
        name = self._unpaid_next()
        assert name is not None
        self.await_(self._pay_late(name, takes, writes))
        self.compare()

    # -- steps ---------------------------------------------------------------------------------------------------

    async def _move_oneself(self, name: str, hour: int) -> None:
        model, booking = self.model, self.model.bookings[name]
        body = {"start_at": model.at(hour).isoformat()}
        answer = await self.salon.ask("POST", f"/bookings/{name}/reschedule", self.salon.users[name], body)
        percent, asks = model.percent(name), booking.approval and booking.status == "confirmed"
        may = model.now < model.start(booking) and (booking.is_stranded or booking.moves < MOST_MOVES)
        if not may or (asks and percent and not booking.is_stranded):
            assert answer.status_code == 422, answer.text
            return
        if hour == booking.unit[1]:
            assert answer.status_code == 200, answer.text
            return
        free = model.free(hour)
        if not free:
            assert answer.status_code in {409, 422}, answer.text
            return
        was_stranded = booking.is_stranded
        self._now_at(name, hour, free, answer)
        if was_stranded:
            return
        booking.moves, booking.percent = booking.moves + 1, percent
        if asks:
            booking.status = "pending"
            booking.hold_until = booking.approve_until = min(model.now + APPROVAL, model.start(booking))

    async def _attend(self, name: str, step: str) -> None:
        model, booking = self.model, self.model.bookings[name]
        path, _, is_free = step.partition(",")
        body = {"waive_penalty": bool(is_free)} if path == "no-show" else {}
        answer = await self.salon.ask("POST", f"/bookings/{name}/{path}", "owner", body)
        start = model.start(booking)
        may = {
            "check-in": booking.status == "confirmed" and model.now >= start - 2 * HOUR,
            "complete": booking.status == "checked_in",
            "no-show": booking.status in ("confirmed", "checked_in") and model.now >= start,
        }
        if not may[path]:
            assert answer.status_code in {409, 422}, answer.text
            return
        assert answer.status_code == 200, answer.text
        becomes = {"check-in": "checked_in", "complete": "completed", "no-show": "no_show"}
        model.step(name, becomes[path], kept=0 if is_free else booking.paid)

    async def _undo(self, name: str) -> None:
        model = self.model
        answer = await self.salon.ask("POST", f"/bookings/{name}/undo", "owner", {})
        if not model.can_undo(name):
            assert answer.status_code in {409, 422}, answer.text
            return
        assert answer.status_code == 200, answer.text
        model.undo(name)

    async def _walk_in(self) -> None:
        model, salon = self.model, self.salon
        body = {"items": [{"service_id": str(salon.ids.service_id)}]}
        answer = await salon.ask("POST", "/bookings/walk-in", "owner", body)
        start = model.now.replace(second=0, microsecond=0)
        free = [person for person in model.people if model.is_free(person, start)]
        if not free:
            assert answer.status_code == 409, answer.text
            return
        assert answer.status_code == 201, answer.text
        made = answer.json()["data"]
        [person] = made["items"][0]["resource_ids"]
        assert person in free
        booking = Booking(
            (person, -1), prepaid=False, approval=False, hold_until=None, status="confirmed", walk_in=start
        )
        model.bookings[made["id"]] = booking
        salon.users[made["id"]] = salon.ids.owner_id
        model.step(made["id"], "checked_in")

    async def _hold_by_phone(self, hour: int, minutes: int) -> None:
        model, salon = self.model, self.salon
        answer_by = model.now + timedelta(minutes=minutes)
        body = {"service_id": str(salon.ids.service_id), "start_at": model.at(hour).isoformat(), "provisional": True}
        body |= {"customer_id": str(salon.ids.customer_id), "answer_by": answer_by.isoformat()}
        answer = await salon.ask("POST", "/bookings", "owner", body)
        free = [(person, hour) for person in model.people if (person, hour) not in model.taken()]
        if not free or model.at(hour) < answer_by:
            assert answer.status_code in {409, 422}, answer.text
            return
        assert answer.status_code == 201, answer.text
        name = answer.json()["data"]["id"]
        unit = self._unit(answer.json()["data"], hour)
        assert unit in free
        salon.users[name] = salon.ids.user_id
        model.bookings[name] = Booking(unit, prepaid=False, approval=False, hold_until=answer_by)

    async def _block_over(self, name: str) -> None:
        model, booking = self.model, self.model.bookings[name]
        start = model.start(booking)
        times = {"starts_at": start.isoformat(), "ends_at": (start + HOUR).isoformat()}
        body = {"business_id": str(self.salon.ids.business_id), "resource_id": booking.unit[0], **times}
        answer = await self.salon.ask("POST", "/blocks", "owner", body, confirm="true")
        if start <= model.now:
            assert answer.status_code in {201, 422}, answer.text
            if answer.status_code == 201:
                await self.salon.ask("DELETE", f"/blocks/{answer.json()['data']['id']}", "owner")
            return
        assert answer.status_code == 201, answer.text
        if booking.unit in model.blocks.values():
            await self.salon.ask("DELETE", f"/blocks/{answer.json()['data']['id']}", "owner")
            return
        model.blocks[answer.json()["data"]["id"]] = booking.unit
        booking.is_stranded = True

    async def _pay_late(self, name: str, takes: bool, writes: bool) -> None:
        model, salon, booking = self.model, self.salon, self.model.bookings[name]
        assert booking.hold_until is not None
        model.now = salon.clock.at = booking.hold_until
        if takes:
            await self._take_from(name)
        assert salon.provider.pay(salon.intents[name])
        booking.paid = PRICE
        if writes:
            await salon.send_webhook(name)
        if booking.status == "pending":
            model.hear_of_money(name)
            return
        booking.is_known = True
        if booking.approval or not model.is_free(booking.unit[0], model.start(booking)):
            booking.back = PRICE
        else:
            booking.status = "confirmed"

    async def _take_from(self, name: str) -> None:
        """Somebody who does not wait wants the hour of a hold that is over, and comes after those who wait."""
        model, salon, booking = self.model, self.salon, self.model.bookings[name]
        user, hour = await salon.new_user(), booking.unit[1]
        body = {"service_id": str(salon.ids.service_id), "start_at": model.at(hour).isoformat()}
        answer = await salon.ask("POST", "/bookings", user, body)
        if (await salon.bookings())[name]["status"] == "expired":
            model.end(name, "expired")
            self._take_offers(await salon.entries())
        free = model.free(hour)
        if not free:
            assert answer.status_code in {409, 422}, answer.text
            return
        assert answer.status_code == 201, answer.text
        made = answer.json()["data"]["id"]
        salon.users[made] = user
        model.book(made, self._unit(answer.json()["data"], hour), prepaid=False, approval=False)

    # -- what can happen -----------------------------------------------------------------------------------------

    def _own(self) -> list[str]:
        """Bookings of customers with a login: a walk-in has none, also after its check-in was undone."""
        return [name for name in self.ahead() if self.salon.users[name] != self.salon.ids.owner_id]

    def _steps(self) -> list[str]:
        return [name for name, one in self.model.bookings.items() if one.undo_to]

    def _unpaid_next(self) -> str | None:
        """The booking whose unpaid hold is the next thing that ends."""
        model = self.model
        for name in self._pending_paid():
            booking = model.bookings[name]
            if not booking.is_secured and model.next_deadline(model.now + _FAR) == booking.hold_until:
                return name
        return None
