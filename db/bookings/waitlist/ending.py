"""How offers and entries end. An entry is locked before it ends; the freed time wakes the waitlist by a trigger."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Text, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.engine.store import Store
from db.messages.notices import AccountEmail, NoticeStore
from db.scheduling.freed_time import note_freed_time
from domain.bookings.waitlist import ACTIVE, EntryEnd, EntryStatus, OfferStatus, after_no_answer, check_transition
from domain.messages.kinds import AccountEmailKind

# An entry that another transaction is changing now (its person answers) is left out: two sweeps that wait for each
# other could dead-lock, and the answer decides.
_OVERDUE = text("""
    SELECT o.id, o.entry_id FROM waitlist_offers o JOIN waitlist w ON w.id = o.entry_id
     WHERE o.status = 'open' AND o.expires_at <= :now
       AND (CAST(:ids AS uuid[]) IS NULL OR o.id = ANY(:ids))
       AND (CAST(:business_id AS uuid) IS NULL OR o.business_id = :business_id)
     ORDER BY w.id FOR NO KEY UPDATE OF w SKIP LOCKED
""").bindparams(
    bindparam("ids", type_=ARRAY(PgUUID(as_uuid=True))), bindparam("business_id", type_=PgUUID(as_uuid=True))
)
_PAST = text("""
    SELECT id FROM waitlist WHERE status IN ('unproven', 'waiting')
       AND (ends_at <= :now OR proof_deadline <= :now)
       AND (CAST(:business_id AS uuid) IS NULL OR business_id = :business_id)
     ORDER BY id LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED
""").bindparams(bindparam("business_id", type_=PgUUID(as_uuid=True)))
_ENTRY = text("""
    SELECT w.id, w.business_id, w.user_id, w.language, w.status, w.unanswered, w.ends_at, w.proof_deadline,
           o.id AS offer_id, o.start_at, o.expires_at
      FROM waitlist w LEFT JOIN waitlist_offers o ON o.entry_id = w.id AND o.status = 'open'
     WHERE w.id = :id
""")
_LOCK = text("SELECT id FROM waitlist WHERE id = :id FOR NO KEY UPDATE")
_END = text("""
    WITH offer AS (
        UPDATE waitlist_offers SET status = :offer_status, decided_at = :now
         WHERE entry_id = :entry_id AND status = 'open' RETURNING id),
    claims AS (
        UPDATE resource_claims c SET released_at = :now FROM offer o WHERE c.offer_id = o.id AND c.released_at IS NULL)
    UPDATE waitlist SET status = :status, end_reason = :end_reason, unanswered = :unanswered, proof_deadline = NULL,
           decided_at = CAST(:decided_at AS timestamptz)
     WHERE id = :entry_id
""").bindparams(bindparam("end_reason", type_=Text), bindparam("decided_at", type_=TIMESTAMP(timezone=True)))

#: At most so many entries end in one transaction because their time is over.
BATCH = 200


class WaitlistEndStore(Store):
    """Ends of offers and entries, each with its message."""

    async def lock(self, entry_id: UUID) -> Row[Any] | None:
        """The entry with its open offer, under its lock: waits for a transaction that is changing it now."""
        if await self.session.scalar(_LOCK, {"id": entry_id}) is None:
            return None
        return await self._read(entry_id)

    async def lapse(self, now: datetime, *, offers: Sequence[UUID] | None = None, of: UUID | None = None) -> int:
        """End those of these ``offers`` (of the business ``of``) whose deadline is over; returns how many no longer
        hold their time. An offer that is being answered at this moment is left out: the answer decides."""
        values = {"now": now, "ids": None if offers is None else list(offers), "business_id": of}
        overdue = (await self.session.execute(_OVERDUE, values)).all()
        for row in overdue:
            entry = await self._read(row.entry_id)
            if entry.offer_id == row.id:
                unanswered = entry.unanswered + 1
                await self.end_offer(entry, OfferStatus.LAPSED, after_no_answer(unanswered), now, unanswered)
        return len(overdue)

    async def end_offer(
        self, entry: Row[Any], offer: OfferStatus, becomes: EntryStatus, now: datetime, unanswered: int = 0
    ) -> None:
        """End the entry's open offer and release its time. The person gets a message unless they answered."""
        reason = EntryEnd.UNANSWERED if becomes is EntryStatus.ENDED else None
        if becomes is EntryStatus.WAITING and entry.ends_at <= now:
            becomes, reason = EntryStatus.ENDED, EntryEnd.PASSED
        await self._write(entry, becomes, now, reason=reason, offer=offer, unanswered=unanswered)
        if becomes is EntryStatus.ENDED:
            await self._notify(entry, AccountEmailKind.WAITLIST_ENDED, str(entry.id), {str(reason): True})
        elif offer in {OfferStatus.LAPSED, OfferStatus.WITHDRAWN}:
            facts = {"start_at": entry.start_at, "withdrawn": offer is OfferStatus.WITHDRAWN}
            await self._notify(entry, AccountEmailKind.WAITLIST_OFFER_OVER, str(entry.offer_id), facts)

    async def end_entry(self, entry: Row[Any], reason: EntryEnd, now: datetime) -> None:
        """The entry ends by itself or by the business; an open offer ends with it. There is no message for an
        entry whose address was never proven. Raises WrongState for one that is over."""
        await self._write(entry, EntryStatus.ENDED, now, reason=reason, offer=OfferStatus.WITHDRAWN)
        if reason is not EntryEnd.UNPROVEN:
            await self._notify(entry, AccountEmailKind.WAITLIST_ENDED, str(entry.id), {reason.value: True})

    async def leave(self, entry: Row[Any], now: datetime) -> None:
        """End the entry for its person; an open offer ends with it. Raises WrongState for one that is over."""
        await self._write(entry, EntryStatus.LEFT, now, offer=OfferStatus.DECLINED)

    async def end_past(self, now: datetime, of: UUID | None = None) -> int:
        """End up to ``BATCH`` entries whose time is over, or whose address was not proven in time; of one business, or
        of all (platform scope). Returns how many."""
        past = list(await self.session.scalars(_PAST, {"now": now, "business_id": of, "limit": BATCH}))
        for entry_id in past:
            entry = await self._read(entry_id)
            unproven = EntryStatus(entry.status) is EntryStatus.UNPROVEN
            await self.end_entry(entry, EntryEnd.UNPROVEN if unproven else EntryEnd.PASSED, now)
        return len(past)

    async def _read(self, entry_id: UUID) -> Row[Any]:
        return (await self.session.execute(_ENTRY, {"id": entry_id})).one()

    async def _write(
        self,
        entry: Row[Any],
        to: EntryStatus,
        now: datetime,
        *,
        offer: OfferStatus,
        reason: EntryEnd | None = None,
        unanswered: int = 0,
    ) -> None:
        check_transition(EntryStatus(entry.status), to)
        values = {
            "entry_id": entry.id,
            "status": to.value,
            "end_reason": reason.value if reason else None,
            "unanswered": unanswered,
            "offer_status": offer.value,
            "decided_at": None if to in ACTIVE else now,
            "now": now,
        }
        await self.session.execute(_END, values)
        if entry.offer_id is not None:
            note_freed_time(self.session, entry.business_id, now)

    async def _notify(self, entry: Row[Any], kind: AccountEmailKind, key: str, facts: dict[str, Any]) -> None:
        await NoticeStore(self.session, self.context).queue_account_email(
            AccountEmail(
                kind,
                entry.user_id,
                f"{kind.value}/{key}",
                {"waitlist_entry_id": entry.id, **facts},
                entry.business_id,
                entry.language,
            )
        )
