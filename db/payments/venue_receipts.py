"""Documents of money at the venue: of a payment, of money that went back, and of an entry that was reverted."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from db.engine.store import Store
from db.payments.receipts import COLUMNS, FACTS, Receipt, ReceiptStore, facts_of, for_recipient, receipt_of
from db.payments.venue import VenueEntry, VenueStore
from domain.payments.receipts import ReceiptRemark, venue_content, venue_note_content
from domain.payments.venue import VenueKind, documented_as_note, require_documented

_LOCK_BOOKING = text("SELECT id FROM bookings WHERE id = :booking_id FOR NO KEY UPDATE")
_OF_ENTRY = text(f"SELECT {COLUMNS} FROM receipts r WHERE r.venue_payment_id = :entry_id")
_IS_REVERSED = text("SELECT EXISTS (SELECT 1 FROM venue_payments WHERE corrects = :entry_id AND kind = 'reversal')")
# The newest invoice of the booking's money at the venue: a refund does not say which of its payments it gives back.
_ORIGINAL = text(f"""
    SELECT {COLUMNS} FROM receipts r JOIN venue_payments v ON v.id = r.venue_payment_id
     WHERE r.booking_id = :booking_id AND v.kind = 'payment' ORDER BY r.id DESC LIMIT 1
""")


class VenueReceiptStore(Store):
    """Documents of entries of the scope."""

    async def issue(self, entry_id: UUID, now: datetime, recipient: str | None = None) -> Receipt:
        """The document of an entry: the one that was issued, or a new one with the next number.

        Raises NotFound; what ``require_documented`` and the contents raise; Conflict if it was issued for another
        recipient.
        """
        entry = await VenueStore(self.session, self.context).get(entry_id)
        # The lock of the booking: two callers issue one document, and no correction comes in between.
        await self.session.execute(_LOCK_BOOKING, {"booking_id": entry.booking_id})
        known = (await self.session.execute(_OF_ENTRY, {"entry_id": entry_id})).one_or_none()
        if known is not None:
            return for_recipient(receipt_of(known), recipient)
        is_reversed = bool(await self.session.scalar(_IS_REVERSED, {"entry_id": entry_id}))
        original = await self._original(entry)
        is_issued = original is not None
        require_documented(entry.kind, entry.amount, is_reversed=is_reversed, is_original_issued=is_issued)
        row = (await self.session.execute(FACTS, {"booking_id": entry.booking_id})).one()
        values: dict[str, Any] = {"business_id": entry.business_id, "booking_id": entry.booking_id}
        values |= {"payment_id": None, "venue_payment_id": entry_id}
        if not documented_as_note(entry.kind, entry.amount):
            content = venue_content(facts_of(row, entry.amount, 0, recipient))
        else:
            recipient = original.recipient if original else None
            is_service = original is not None and original.content["remark"] != ReceiptRemark.CANCELLATION_FEE
            content = venue_note_content(facts_of(row, -entry.amount, 0, recipient), -entry.amount, is_service)
            values |= {"refers_to": original.number if original else None}
        return await ReceiptStore(self.session, self.context).write(
            values, row, content, entry.currency, now, recipient
        )

    async def _original(self, entry: VenueEntry) -> Receipt | None:
        """The document that the entry's refers to: of the entry that it reverts, or of the booking's payments."""
        row: Row[tuple[object, ...]] | None = None
        if entry.kind is VenueKind.REVERSAL and entry.corrects is not None:
            row = (await self.session.execute(_OF_ENTRY, {"entry_id": entry.corrects})).one_or_none()
        elif entry.kind is VenueKind.REFUND:
            row = (await self.session.execute(_ORIGINAL, {"booking_id": entry.booking_id})).one_or_none()
        return None if row is None else receipt_of(row)
