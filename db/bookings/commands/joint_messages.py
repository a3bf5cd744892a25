"""Queues one message for several bookings that one request changes."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from db.bookings.commands.notices import Message, queued
from db.engine.store import Store
from db.messages.notices import NoticeStore
from domain.bookings.joint_messages import COLLECTED_FOR, JOINT, ChangedBooking, first_of, joined


class JointMessageStore(Store):
    """Messages about several bookings."""

    async def queue(
        self, booking: ChangedBooking, business_id: UUID, change_id: UUID, messages: Sequence[Message], now: datetime
    ) -> None:
        """Queue the messages of one booking's change: where its change has a message already, the booking is added to
        it. Once that is being sent, the booking gets a message of its own."""
        notices = NoticeStore(self.session, self.context)
        alone = []
        for message in messages:
            if message.kind not in JOINT or not await self._join(
                notices, booking, business_id, change_id, message, now
            ):
                alone.append(queued(booking.booking_id, business_id, message))
        await notices.queue_many(alone)

    async def _join(
        self,
        notices: NoticeStore,
        booking: ChangedBooking,
        business_id: UUID,
        change_id: UUID,
        message: Message,
        now: datetime,
    ) -> bool:
        own = queued(booking.booking_id, business_id, message)
        first = joined({}, message.facts, booking)
        key = f"{message.kind.value}:change:{change_id}:{own.audience}"
        made = await notices.queue(
            message.kind, booking.booking_id, business_id, key, first, own.audience, now + COLLECTED_FOR
        )
        if made is not None:
            return True
        waiting = await notices.lock_unsent(key)
        if waiting is None:
            return False
        facts = joined(waiting.facts, message.facts, booking)
        await notices.rewrite(waiting.id, first_of(facts), facts)
        return True
