"""Previews: the result that moving or cancelling several bookings of a series would have.

The commands themselves go to the workflow of each booking. A preview of a move executes them one after the other in a
savepoint that it undoes, so that one occurrence may take the time that another gives up.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from db.bookings.commands.cancel import CancelStore
from db.bookings.commands.reschedule import RescheduleStore
from db.bookings.series.book import CLASHES, SeriesStore, Undone
from db.bookings.series.read import SeriesRow
from domain.bookings.commands import BookingCommand, BookingOutcome
from domain.bookings.decisions import Ending
from domain.bookings.series import Occurrence, Refusal
from domain.errors import DomainError, Gone, RuleBroken, WrongState
from domain.platform.actor import Actor

#: Why one occurrence cannot be moved or cancelled while others can.
REFUSALS: tuple[type[DomainError], ...] = (*CLASHES, WrongState, Gone, RuleBroken)


class SeriesMoveStore(SeriesStore):
    """Previews."""

    async def preview_moves(
        self,
        series: SeriesRow,
        moves: Sequence[tuple[Occurrence, datetime]],
        resource_ids: tuple[UUID, ...],
        actor: Actor,
        now: datetime,
    ) -> list[Occurrence]:
        """Each occurrence at its new time, or unchanged with the refusal; everything is rolled back."""
        found: list[Occurrence] = []
        try:
            async with self.session.begin_nested():
                for occurrence, start_at in moves:
                    found.append(await self._try(series, occurrence, start_at, resource_ids, actor, now))
                raise Undone
        except Undone:
            return found

    async def _try(
        self,
        series: SeriesRow,
        occurrence: Occurrence,
        start_at: datetime,
        resource_ids: tuple[UUID, ...],
        actor: Actor,
        now: datetime,
    ) -> Occurrence:
        if occurrence.booking_id is None:
            return occurrence
        command = BookingCommand(
            booking_id=occurrence.booking_id,
            business_id=series.business_id,
            command_id=f"preview:{occurrence.booking_id}",
            actor_kind=actor.kind,
            actor_id=actor.user_id,
            start_at=start_at,
            resource_ids=resource_ids,
        )
        try:
            async with self.session.begin_nested():
                outcome = await RescheduleStore(self.session, self.context).reschedule(command, now)
        except REFUSALS as error:
            return replace(occurrence, refusal=Refusal(error.code, error.details))
        return after(occurrence, outcome)

    async def quote_cancellations(
        self, affected: Sequence[Occurrence], by_business: bool, now: datetime
    ) -> list[tuple[Occurrence, Ending | None]]:
        """The result of cancelling each at ``now``, decided as for a single booking; None with the refusal for one
        that cannot be cancelled."""
        found: list[tuple[Occurrence, Ending | None]] = []
        cancels = CancelStore(self.session, self.context)
        for occurrence in affected:
            if occurrence.booking_id is None:
                continue
            try:
                ending, _, _ = await cancels.quote_cancellation(occurrence.booking_id, by_business, now)
            except REFUSALS as error:
                found.append((replace(occurrence, refusal=Refusal(error.code, error.details)), None))
            else:
                found.append((occurrence, ending))
        return found


def after(occurrence: Occurrence, outcome: BookingOutcome) -> Occurrence:
    """The occurrence after a command."""
    return replace(occurrence, status=outcome.status, start_at=outcome.start_at, end_at=outcome.end_at)
