"""Reassigns a booking to another member of the staff: the new claim is taken before the old one is released."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.bookings.claims import CalendarMoved, ClaimStore
from db.bookings.commands.locked import Locked, change_of
from db.bookings.commands.notices import Message
from db.bookings.commands.transition import TransitionStore
from db.scheduling.calendars.change import CalendarStore
from db.scheduling.freed_time import note_freed_time
from db.scheduling.reaccommodations import ReaccommodationStore
from domain.booking_status import LIVE
from domain.bookings import decisions
from domain.bookings.commands import BookingCommand, BookingOutcome, Cause
from domain.errors import InvalidInput
from domain.messages.kinds import NoticeKind
from domain.platform.actor import ActorKind
from domain.scheduling.availability.model import ClaimPlan
from domain.scheduling.errors import NotBookable, SlotTaken
from domain.scheduling.reassignment import StaffChangeNotice, notifies_customer
from domain.scheduling.stranded import Visit, days_around, fitting

# The staff's claims of a booking, and whether the other person could serve each of them.
_CLAIMS = text("""
    SELECT c.id, c.item_position, c.requirement_group, c.resource_id, c.starts_at, c.ends_at, c.holds_until,
           i.service_id, i.start_at, i.end_at, c.resource_id = ANY(b.preferred_resource_ids) AS was_preferred,
           EXISTS (SELECT FROM service_resources n
                    WHERE n.service_id = i.service_id AND n.requirement_group = c.requirement_group
                      AND n.resource_id = :resource_id) AS serves
      FROM resource_claims c
      JOIN bookings b ON b.id = c.booking_id
      JOIN booking_items i ON i.booking_id = c.booking_id AND i.position = c.item_position
      JOIN resources r ON r.id = c.resource_id
     WHERE c.booking_id = :booking_id AND c.released_at IS NULL AND r.kind = 'staff'
     ORDER BY c.starts_at
""")
# Why the person before was chosen says nothing about the one who follows.
_RELEASE = text("""
    WITH released AS (UPDATE resource_claims SET released_at = :now WHERE id = ANY(:ids)
                      RETURNING booking_id, item_position)
    UPDATE booking_items i SET chosen_by = NULL FROM released r
     WHERE i.booking_id = r.booking_id AND i.position = r.item_position
""").bindparams(bindparam("ids", type_=ARRAY(PgUUID(as_uuid=True))))
_NOTICE_SETTING = text("SELECT staff_change_notice FROM business_settings WHERE business_id = :business_id")
_IS_STAFF = text("SELECT capacity FROM resources WHERE id = :resource_id AND kind = 'staff' AND deleted_at IS NULL")
# Bookings that another transaction is changing are left out.
_AHEAD = text("""
    SELECT b.id FROM bookings b
     WHERE b.id IN (SELECT c.booking_id FROM resource_claims c
                     WHERE c.resource_id = :resource_id AND c.released_at IS NULL AND c.ends_at > :now)
       AND b.status = ANY(:live) AND b.start_at > :now ORDER BY b.start_at FOR NO KEY UPDATE SKIP LOCKED
""")
_COLLEAGUES = text("""
    SELECT r.id FROM resources r
     WHERE r.business_id = :business_id AND r.kind = 'staff' AND r.is_active AND r.deleted_at IS NULL
       AND r.id <> :resource_id AND r.id IN (
           SELECT n.resource_id FROM service_resources n JOIN booking_items i ON i.service_id = n.service_id
            WHERE i.booking_id = :booking_id)
     ORDER BY (SELECT count(*) FROM resource_claims c
                WHERE c.resource_id = r.id AND c.released_at IS NULL AND c.ends_at > :now), r.id
""")


@dataclass(frozen=True, slots=True)
class _Claim:
    id: UUID
    item_position: int
    requirement_group: int
    resource_id: UUID
    starts_at: datetime
    ends_at: datetime
    holds_until: datetime | None
    service_id: UUID
    start_at: datetime
    end_at: datetime
    was_preferred: bool
    serves: bool


class ReassignStore(TransitionStore):
    """Reassigning bookings."""

    async def reassign(self, command: BookingCommand, now: datetime) -> BookingOutcome:
        """Assign the booking to ``command.resource_ids[0]`` at the same time: its service number ``command.item``, or
        every service that the person performs. `notifies_customer` decides whether the customer gets a message.

        Raises WrongState for a booking that has ended, InvalidInput for a resource that is no staff member or does not
        perform the service, and for a service that there is not, NotBookable for one who does not work then, and
        SlotTaken for one who is not free.
        """
        booking, seen = await self._enter(command)
        if seen is not None:
            return seen
        decisions.check_reassign(booking.facts())
        resource_id = command.resource_ids[0]
        claims = await self._replaceable(booking, resource_id, command.item)
        if not claims:
            return booking.outcome()
        await self._take(booking, claims, resource_id, now)
        await self.session.execute(_RELEASE, {"ids": [claim.id for claim in claims], "now": now})
        note_freed_time(self.session, booking.business_id, now)
        facts = {"from": [str(claim.resource_id) for claim in claims], "to": str(resource_id)}
        was_asked_for = any(claim.was_preferred for claim in claims)
        change = change_of(
            booking,
            "reassigned",
            booking.status,
            details=facts,
            messages=await self._notices(booking, command, was_asked_for),
        )
        outcome = await self._write(booking, change, command, now)
        calendars = CalendarStore(self.session, self.context)
        if booking.is_stranded and await calendars.still_fits(booking.business_id, booking.id, now):
            await ReaccommodationStore(self.session, self.context).keep([booking.id], now)
        return outcome

    async def _notices(self, booking: Locked, command: BookingCommand, was_asked_for: bool) -> tuple[Message, ...]:
        stored = await self.session.scalar(_NOTICE_SETTING, {"business_id": booking.business_id})
        if not notifies_customer(StaffChangeNotice(stored), was_asked_for):
            return ()
        return (Message(NoticeKind.BOOKING_REASSIGNED, {}, key=command.command_id),)

    async def hand_over(self, resource_id: UUID, business_id: UUID, cause: str, now: datetime) -> None:
        """Reassign every future booking of a person to a colleague who is free then; if there is none, the booking does
        not change. ``cause`` is part of the command ids, so that a repeat changes nothing."""
        values = {"resource_id": resource_id, "now": now, "live": [status.value for status in LIVE]}
        for booking_id in list(await self.session.scalars(_AHEAD, values)):
            asked = {"business_id": business_id, "resource_id": resource_id, "booking_id": booking_id, "now": now}
            for colleague in list(await self.session.scalars(_COLLEAGUES, asked)):
                command = BookingCommand(
                    booking_id,
                    business_id,
                    f"{cause}/{colleague}",
                    ActorKind.SYSTEM,
                    cause=Cause.STAFF_LEFT,
                    resource_ids=(colleague,),
                )
                with contextlib.suppress(SlotTaken, NotBookable, InvalidInput):
                    await self.reassign(command, now)
                    break

    async def _replaceable(self, booking: Locked, resource_id: UUID, item: int | None) -> list[_Claim]:
        """The claims that the other person takes over, of one service or of all that the person performs; none if that
        person already has them."""
        if await self.session.scalar(_IS_STAFF, {"resource_id": resource_id}) is None:
            raise InvalidInput.at("resource_id", "not_staff")
        values = {"booking_id": booking.id, "resource_id": resource_id}
        rows = [_Claim(**row._mapping) for row in await self.session.execute(_CLAIMS, values)]
        claims = [claim for claim in rows if item is None or claim.item_position == item]
        if not claims and item is not None:
            raise InvalidInput.at("item", "no_staff_serves_it")
        serving = [claim for claim in claims if claim.serves]
        if not serving:
            raise InvalidInput.at("resource_id", "does_not_perform_it")
        return [claim for claim in serving if claim.resource_id != resource_id]

    async def _take(self, booking: Locked, claims: Sequence[_Claim], resource_id: UUID, now: datetime) -> None:
        try:
            await self._take_once(booking, claims, resource_id, now)
        except CalendarMoved:
            await self._take_once(booking, claims, resource_id, now)

    async def _take_once(self, booking: Locked, claims: Sequence[_Claim], resource_id: UUID, now: datetime) -> None:
        visits = [
            Visit(booking.id, "", claim.start_at, claim.end_at, claim.service_id, resource_id, 0) for claim in claims
        ]
        known = await CalendarStore(self.session, self.context).read(booking.business_id, *days_around(visits))
        if not fitting(visits, known.calendars):
            raise NotBookable({"rule": "not_working", "resource_id": str(resource_id)})
        store = ClaimStore(self.session, self.context)
        for unit in range(known.calendars.resources[resource_id].capacity):
            candidate = tuple(_plan(claim, resource_id, unit) for claim in claims)
            if await store.take(booking.id, booking.business_id, candidate, claims[0].holds_until, known.version, now):
                return
        taken: dict[str, Any] = {"resource_id": str(resource_id), "alternatives": []}
        raise SlotTaken(taken)


def _plan(claim: _Claim, resource_id: UUID, unit: int) -> ClaimPlan:
    return ClaimPlan(claim.item_position, claim.requirement_group, resource_id, unit, claim.starts_at, claim.ends_at)
