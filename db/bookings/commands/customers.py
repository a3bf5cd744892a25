"""The customer record of a new booking. A typed contact is not proven, so it always gets a new record: the answer for a
known address is the same as for an unknown one."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Text, bindparam, text
from sqlalchemy.dialects.postgresql import CITEXT

from db.engine.store import Store
from domain.bookings.contact import Contact
from domain.errors import NotFound

# A login's record is made from its profile; a second request finds the record that the first one made.
_NEW_CUSTOMER_OF_USER = text("""
    INSERT INTO customers (business_id, user_id, family_name, given_name, email, language)
    SELECT :business_id, u.id, u.family_name, u.given_name, u.email, u.language FROM users u WHERE u.id = :user_id
    ON CONFLICT (business_id, user_id) WHERE user_id IS NOT NULL AND deleted_at IS NULL
        DO UPDATE SET updated_at = now()
    RETURNING id, family_name, given_name, email, phone
""")
_NEW_CUSTOMER = text("""
    INSERT INTO customers (business_id, family_name, given_name, email, phone, language, family_name_kana,
                           given_name_kana)
    VALUES (:business_id, :family_name, :given_name, :email, :phone, :language, :family_name_kana, :given_name_kana)
    RETURNING id, family_name, given_name, email, phone
""").bindparams(
    bindparam("email", type_=CITEXT),
    bindparam("family_name_kana", type_=Text),
    bindparam("given_name_kana", type_=Text),
)


@dataclass(frozen=True, slots=True)
class BookingCustomer:
    """The record of the booking's customer, and the contact that is stored with the booking."""

    id: UUID
    contact: Contact


class BookingCustomerStore(Store):
    """Makes records."""

    async def add(self, business_id: UUID, contact: Contact, language: str) -> BookingCustomer:
        """A new record for a person without a proven identity."""
        values = {"business_id": business_id, "language": language, **asdict(contact)}
        return customer_of(dict((await self.session.execute(_NEW_CUSTOMER, values)).mappings().one()))

    async def add_login(self, business_id: UUID, user_id: UUID) -> BookingCustomer:
        """The record of a login, made from its profile if it is not there yet. Raises NotFound."""
        values = {"business_id": business_id, "user_id": user_id}
        row = (await self.session.execute(_NEW_CUSTOMER_OF_USER, values)).mappings().one_or_none()
        if row is None:
            raise NotFound({"user_id": str(user_id)})
        return customer_of(dict(row))


def customer_of(row: Mapping[str, Any]) -> BookingCustomer:
    """A record as it was read: ``id`` and the contact."""
    contact = Contact(row["family_name"], row["given_name"], row["email"], row["phone"])
    return BookingCustomer(UUID(str(row["id"])), contact)
