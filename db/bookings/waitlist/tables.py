"""Entries of the waitlist, and the offers that they got."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.dialects.postgresql import UUID as PgUUID
from sqlalchemy.orm import Mapped, mapped_column

from db.engine.base import CITEXT, Base, Json, Key, Stamped, Time, one_of
from domain.bookings.waitlist import EntryEnd, EntryStatus, OfferStatus

_ON_THE_LIST = "status IN ('unproven', 'waiting', 'offered')"


class WaitlistEntry(Base, Stamped):
    """One person who waits for a service at one business: which days, times of the day and staff, for how many.

    ``times`` are ranges of minutes of the business day (``[[780, 1020]]``), empty for any. ``joined_at`` decides the
    order: when the address was proven. ``ends_at``: when it ends by itself. ``unanswered``: offers in a row
    without an answer. Contact columns are of somebody without a login; ``ip`` is the network of an unproven caller.
    """

    __tablename__ = "waitlist"
    __table_args__ = (
        one_of("status", EntryStatus),
        CheckConstraint(
            "end_reason IN ({})".format(", ".join(f"'{reason.value}'" for reason in EntryEnd)), name="end_reason_known"
        ),
        CheckConstraint("(status = 'ended') = (end_reason IS NOT NULL)", name="end_has_a_reason"),
        CheckConstraint("(status = 'accepted') = (booking_id IS NOT NULL)", name="accepted_has_a_booking"),
        CheckConstraint("(status = 'unproven') = (proof_deadline IS NOT NULL)", name="unproven_has_a_deadline"),
        CheckConstraint(f"({_ON_THE_LIST}) = (decided_at IS NULL)", name="decided"),
        CheckConstraint("last_day - first_day BETWEEN 0 AND 30", name="days_in_range"),
        CheckConstraint("party_size >= 1", name="party_positive"),
        CheckConstraint("unanswered >= 0", name="unanswered_not_negative"),
        CheckConstraint("jsonb_array_length(times) <= 6", name="times_in_range"),
        CheckConstraint(f"NOT ({_ON_THE_LIST}) OR user_id IS NOT NULL OR email <> ''", name="reachable"),
        Index("ix_waitlist_active", "business_id", "joined_at", "id", postgresql_where=text(_ON_THE_LIST)),
        Index("ix_waitlist_business_id_id", "business_id", "id"),
        Index("ix_waitlist_user_id_id", "user_id", "id"),
        Index("ix_waitlist_email", "business_id", "email", postgresql_where=text(_ON_THE_LIST)),
        Index("ix_waitlist_ends_at", "ends_at", postgresql_where=text(_ON_THE_LIST)),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    service_id: Mapped[UUID] = mapped_column(ForeignKey("services.id"))
    #: Name of the service and zone of the venue when it joined: a login reads its entries without a tenant.
    service_name: Mapped[Json]
    time_zone: Mapped[str]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    family_name: Mapped[str] = mapped_column(server_default=text("''"))
    given_name: Mapped[str] = mapped_column(server_default=text("''"))
    family_name_kana: Mapped[str | None]
    given_name_kana: Mapped[str | None]
    email: Mapped[str | None] = mapped_column(CITEXT)
    phone: Mapped[str | None]
    ip: Mapped[str | None]
    language: Mapped[str] = mapped_column(server_default=text("'ja'"))
    status: Mapped[str]
    end_reason: Mapped[str | None]
    first_day: Mapped[date]
    last_day: Mapped[date]
    times: Mapped[list[list[int]]] = mapped_column(JSONB, server_default=text("'[]'"))
    resource_ids: Mapped[list[UUID]] = mapped_column(ARRAY(PgUUID(as_uuid=True)), server_default=text("'{}'"))
    party_size: Mapped[int] = mapped_column(SmallInteger, server_default=text("1"))
    joined_at: Mapped[Time]
    #: When the person has proven the address; empty if staff answer for it.
    proven_at: Mapped[Time | None]
    #: Staff put the person on the list.
    by_staff: Mapped[bool] = mapped_column(server_default=text("false"))
    proof_deadline: Mapped[Time | None]
    ends_at: Mapped[Time]
    unanswered: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    decided_at: Mapped[Time | None]
    booking_id: Mapped[UUID | None] = mapped_column(ForeignKey("bookings.id"))


class WaitlistOffer(Base, Stamped):
    """A time that was offered to one entry, and held for it until ``expires_at`` by claims of its own
    (``resource_claims.offer_id``). No minute is offered twice to one entry, unless the offer was withdrawn."""

    __tablename__ = "waitlist_offers"
    __table_args__ = (
        one_of("status", OfferStatus),
        CheckConstraint("end_at > start_at", name="time_in_order"),
        CheckConstraint("expires_at <= start_at", name="ends_before_the_start"),
        CheckConstraint("(status = 'open') = (decided_at IS NULL)", name="decided"),
        CheckConstraint("party_size >= 1", name="party_positive"),
        ExcludeConstraint(
            ("entry_id", "="),
            ("during", "&&"),
            where=text("status <> 'withdrawn'"),
            using="gist",
            name="ex_waitlist_offers_never_twice",
        ),
        Index("uq_waitlist_offers_open", "entry_id", unique=True, postgresql_where=text("status = 'open'")),
        Index("ix_waitlist_offers_expires_at", "business_id", "expires_at", postgresql_where=text("status = 'open'")),
        Index("ix_waitlist_offers_places", "service_id", "start_at", postgresql_where=text("status = 'open'")),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("waitlist.id", ondelete="CASCADE"))
    service_id: Mapped[UUID] = mapped_column(ForeignKey("services.id"))
    status: Mapped[str] = mapped_column(server_default=text("'open'"))
    start_at: Mapped[Time]
    end_at: Mapped[Time]
    during: Mapped[Range[object]] = mapped_column(
        TSTZRANGE, Computed("tstzrange(start_at, end_at, '[)')", persisted=True)
    )
    #: The staff, rooms and equipment that are held.
    resource_ids: Mapped[list[UUID]] = mapped_column(ARRAY(PgUUID(as_uuid=True)))
    party_size: Mapped[int] = mapped_column(SmallInteger)
    expires_at: Mapped[Time]
    decided_at: Mapped[Time | None]
