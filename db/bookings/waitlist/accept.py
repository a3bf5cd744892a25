"""Accepting an offer: its claims become those of a booking, which continues like any other."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from db.bookings.commands.hold import HoldStore
from db.bookings.commands.hold_request import HoldRequest, ItemRequest
from db.bookings.waitlist.ending import WaitlistEndStore
from db.engine.context import IdempotencyKey
from db.engine.store import Store
from domain.bookings.contact import Contact
from domain.bookings.view import BookingView
from domain.errors import Gone, NotFound, WrongState
from domain.money import Money

_ENTRY = text("""
    SELECT w.service_id, w.user_id, w.family_name, w.given_name, w.family_name_kana, w.given_name_kana,
           CAST(w.email AS text) AS email, w.phone, w.language, w.party_size, o.resource_ids, w.resource_ids AS named
      FROM waitlist w JOIN waitlist_offers o ON o.id = :offer_id WHERE w.id = :id
""")
# The time is released and claimed again in one transaction. Another caller who claims it meanwhile waits for that
# transaction, because the constraint still has the old claims, and then finds the new ones.
_TAKE = text("""
    WITH offer AS (UPDATE waitlist_offers SET status = 'accepted', decided_at = :now WHERE id = :offer_id)
    UPDATE resource_claims SET released_at = :now WHERE offer_id = :offer_id AND released_at IS NULL
""")
_DONE = text("""
    WITH booking AS (
        UPDATE bookings SET contact_proven_at = :now WHERE id = :booking_id AND user_id IS NULL AND email <> '')
    UPDATE waitlist SET status = 'accepted', booking_id = :booking_id, unanswered = 0, decided_at = :now WHERE id = :id
""")


class WaitlistAcceptStore(Store):
    """Makes the booking of an accepted offer."""

    async def accept(
        self,
        entry_id: UUID,
        expected_price: Money | None,
        now: datetime,
        answer: Callable[[BookingView], bytes] | None = None,
        key: IdempotencyKey | None = None,
    ) -> BookingView:
        """Book the offered time for the person who waits; then as `HoldStore.hold`, with the payment and the approval
        that the service asks for. A refusal leaves the offer as it is.

        Raises NotFound, WrongState where no offer is open, Gone for one whose time to answer is over, and the errors
        of ``hold``: PriceChanged, HoldLimit, NotBookable, OutsideOpeningHours, NobodyWorks.
        """
        entry = await WaitlistEndStore(self.session, self.context).lock(entry_id)
        if entry is None:
            raise NotFound({"entry_id": str(entry_id)})
        if entry.offer_id is None:
            raise WrongState({"status": entry.status, "wanted": "accepted"})
        if entry.expires_at <= now:
            raise Gone({"reason": "offer_expired"})
        wanted = (await self.session.execute(_ENTRY, {"id": entry_id, "offer_id": entry.offer_id})).one()
        await self.session.execute(_TAKE, {"offer_id": entry.offer_id, "now": now})
        kana = (wanted.family_name_kana, wanted.given_name_kana)
        guest = Contact(wanted.family_name, wanted.given_name, wanted.email, wanted.phone, *kana)
        request = HoldRequest(
            items=(ItemRequest(wanted.service_id, tuple(wanted.resource_ids), tuple(wanted.named)),),
            start_at=entry.start_at,
            party_size=wanted.party_size,
            user_id=wanted.user_id,
            person=None if wanted.user_id else guest,
            language=wanted.language,
            expected_price=expected_price,
            is_proven=True,
        )
        booking = await HoldStore(self.session, self.context).hold(request, now, answer, key)
        await self.session.execute(_DONE, {"id": entry_id, "booking_id": booking.id, "now": now})
        return booking
