"""People who wait at a salon, for the tests of the waitlist."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from db.bookings.commands.hold_request import HoldRequest, ItemRequest
from db.bookings.waitlist.entries import JoinRequest
from domain.bookings.contact import Contact
from domain.bookings.view import BookingView
from domain.bookings.waitlist import Wanted
from domain.scheduling.hours import MinuteRange
from tests.support.data import HOUR, NOW, add_booking, add_user, rows
from tests.support.desk import Desk

TOKYO = ZoneInfo("Asia/Tokyo")
#: 15:00 in Tokyo, tomorrow.
FULL = NOW + 27 * HOUR
DAY: date = FULL.astimezone(TOKYO).date()
ONE_HOUR = (MinuteRange(15 * 60, 16 * 60),)
#: As long as an offer lasts at a salon of the tests.
OFFER = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A salon whose hour from 15:00 tomorrow is sold twice: to each of its two people."""

    desk: Desk
    sold: tuple[UUID, UUID]
    #: Offers that `turn` and `turns` have given.
    seen: set[UUID] = field(default_factory=set)

    @classmethod
    async def of(cls, desk: Desk) -> "Waiting":
        first, second = [await add_booking(desk.database, desk.salon, FULL, resource=one) for one in (0, 1)]
        return cls(desk, (first, second))

    async def join(self, at: datetime = NOW, user_id: UUID | None = None, **more: Any) -> UUID:
        """A login joins for the hour that is sold; ``more`` says what it wants instead."""
        user = user_id or await add_user(self.desk.database, email_verified_at=NOW)
        wanted = Wanted(**{"first_day": DAY, "last_day": DAY, "times": ONE_HOUR, **more})
        request = JoinRequest(self.desk.salon.service_id, wanted, user_id=user)
        entry: UUID = await self.desk.within(lambda work: work.bookings.waitlist.join(request, at))
        return entry

    async def join_as_guest(self, email: str, at: datetime = NOW, **more: Any) -> UUID:
        """A guest joins; the address is not proven yet."""
        wanted = Wanted(**{"first_day": DAY, "last_day": DAY, "times": ONE_HOUR, **more})
        request = JoinRequest(self.desk.salon.service_id, wanted, person=Contact("鈴木", "一郎", email, None))
        entry: UUID = await self.desk.within(lambda work: work.bookings.waitlist.join(request, at))
        return entry

    async def free(self, booking: int = 0, now: datetime = NOW) -> None:
        """One of the two bookings is cancelled."""
        await self.desk.do("cancel", self.sold[booking], now=now)

    async def turn(self, now: datetime = NOW) -> UUID | None:
        """The entry with the oldest new offer: made by the change that freed its time, else by one turn of the run."""
        if not (new := await self._new_offers()):
            business_id = self.desk.salon.business_id
            await self.desk.within(lambda work: work.bookings.waitlist.take_turn(business_id, now))
            new = await self._new_offers()
        self.seen.update(offer for offer, _ in new[:1])
        return new[0][1] if new else None

    async def _new_offers(self) -> list[tuple[UUID, UUID]]:
        """Offer and entry, oldest first."""
        found = "SELECT id, entry_id FROM waitlist_offers WHERE business_id = :id ORDER BY id"
        offers = await rows(self.desk.database, found, id=self.desk.salon.business_id)
        return [(one["id"], one["entry_id"]) for one in offers if one["id"] not in self.seen]

    async def turns(self, now: datetime = NOW) -> list[UUID]:
        """The entries with offers since the last call; turns are taken until nothing more can be offered."""
        found = []
        while (entry := await self.turn(now)) is not None:
            found.append(entry)
        return found

    async def accept(self, entry_id: UUID, now: datetime = NOW) -> BookingView:
        booking: BookingView = await self.desk.within(lambda work: work.bookings.waitlist.accept(entry_id, None, now))
        return booking

    async def decline(self, entry_id: UUID, now: datetime = NOW) -> None:
        await self.desk.within(lambda work: work.bookings.waitlist.decline(entry_id, now))

    async def take_as_another(self, start_at: datetime = FULL, now: datetime = NOW) -> BookingView:
        """Somebody who does not wait books the hour."""
        request = HoldRequest(
            (ItemRequest(self.desk.salon.service_id),),
            start_at,
            person=Contact("佐藤", "", "new@example.jp", None),
            is_proven=True,
        )
        booking: BookingView = await self.desk.within(lambda work: work.bookings.holds.hold(request, now))
        return booking

    async def entry(self, entry_id: UUID) -> dict[str, Any]:
        return (await rows(self.desk.database, "SELECT * FROM waitlist WHERE id = :id", id=entry_id))[0]

    async def offers(self, entry_id: UUID) -> list[dict[str, Any]]:
        found = "SELECT * FROM waitlist_offers WHERE entry_id = :id ORDER BY id"
        return await rows(self.desk.database, found, id=entry_id)

    async def held(self) -> int:
        """Live claims of offers."""
        found = (
            "SELECT id FROM resource_claims WHERE business_id = :id AND offer_id IS NOT NULL AND released_at IS NULL"
        )
        return len(await rows(self.desk.database, found, id=self.desk.salon.business_id))

    async def woken(self) -> int:
        """How often the run was notified that time may be free."""
        found = "SELECT id FROM outbox WHERE business_id = :id AND event = 'waitlist.time_freed'"
        return len(await rows(self.desk.database, found, id=self.desk.salon.business_id))

    async def messages_to(self, entry_id: UUID) -> list[str]:
        """The messages to the person who waits, oldest first."""
        found = "SELECT kind FROM notification_outbox WHERE facts->>'waitlist_entry_id' = :id ORDER BY id"
        return [row["kind"] for row in await rows(self.desk.database, found, id=str(entry_id))]
