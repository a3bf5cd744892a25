"""Lists of payments: of a business, of a booking, of a login."""

from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.engine.store import Store
from db.payments.payments import COLUMNS, payment_of
from domain.payments.payment import Payment

_LIST = text(f"""
    SELECT {COLUMNS} FROM booking_payments p
     WHERE (CAST(:business_id AS uuid) IS NULL OR p.business_id = :business_id)
       AND (CAST(:booking_id AS uuid) IS NULL OR p.booking_id = :booking_id)
       AND (CAST(:after_id AS uuid) IS NULL OR p.id < :after_id)
     ORDER BY p.id DESC LIMIT :limit
""").bindparams(
    bindparam("business_id", type_=PgUUID), bindparam("booking_id", type_=PgUUID), bindparam("after_id", type_=PgUUID)
)
_OF_USER = text(f"""
    SELECT {COLUMNS} FROM bookings b JOIN booking_payments p ON p.booking_id = b.id
     WHERE b.user_id = :user_id AND (CAST(:after_id AS uuid) IS NULL OR p.id < :after_id)
     ORDER BY p.id DESC LIMIT :limit
""").bindparams(bindparam("after_id", type_=PgUUID))


class PaymentListStore(Store):
    """Reads the payments of the scope, newest first; the next page begins after the last row's id."""

    async def list_(
        self,
        *,
        business_id: UUID | None = None,
        booking_id: UUID | None = None,
        after_id: UUID | None = None,
        limit: int = 20,
    ) -> list[Payment]:
        """All that the scope sees, or what belongs to one business or booking."""
        asked = {"business_id": business_id, "booking_id": booking_id, "after_id": after_id, "limit": limit}
        return [payment_of(row) for row in await self.session.execute(_LIST, asked)]

    async def of_user(self, user_id: UUID, after_id: UUID | None, limit: int) -> list[Payment]:
        """The payments of one login's bookings."""
        asked = {"user_id": user_id, "after_id": after_id, "limit": limit}
        return [payment_of(row) for row in await self.session.execute(_OF_USER, asked)]
