"""Calendar feeds: private addresses from which calendars read bookings."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from db.engine.base import Base, Key, Stamped, Time


class CalendarFeed(Base, Stamped):
    """A feed of one resource, or (``resource_id`` empty) of the whole business. Its address has the id and a secret, of
    which only the digest is here. ``rotated_at``: when the address last changed; ``user_id``: who knows it, because the
    login made or changed it. It is invalid as soon as that login may not make it any more."""

    __tablename__ = "calendar_feeds"
    __table_args__ = (Index("ix_calendar_feeds_business_id", "business_id", "id"),)

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    resource_id: Mapped[UUID | None] = mapped_column(ForeignKey("resources.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    rotated_at: Mapped[Time | None]
