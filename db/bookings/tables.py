"""Bookings, their items, their claims, and their history."""

from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.dialects.postgresql import UUID as PgUUID
from sqlalchemy.orm import Mapped, mapped_column

from db.engine.base import CITEXT, Base, Currency, Json, Key, Minor, Stamped, Time, ends_cached, one_of
from domain.booking_status import BookingStatus
from domain.payments.status import PaymentMode
from domain.platform.invalidation import CacheKind
from domain.scheduling.reaccommodation import ReaccommodationStatus
from domain.scheduling.reasons import ChosenBy
from domain.scheduling.stranded import StrandReason

KNOWN = ", ".join(f"'{status.value}'" for status in BookingStatus)


class Booking(Base, Stamped):
    """One customer, one to five items, one price, one policy. Price, policy and texts are as agreed.

    ``user_id`` repeats the customer's login, so that "my bookings" needs no tenant. ``amount_due`` is what must be
    paid or authorized online before it is confirmed, ``due_at_venue`` what is paid at the visit. ``version`` counts
    changes of time, for calendars (SEQUENCE).
    """

    __tablename__ = "bookings"
    __table_args__ = (
        one_of("status", BookingStatus),
        one_of("payment_mode", PaymentMode),
        CheckConstraint("end_at > start_at", name="time_in_order"),
        CheckConstraint("price >= 0 AND amount_due >= 0 AND amount_due <= price", name="amounts_in_order"),
        CheckConstraint("due_at_venue >= 0 AND amount_due + due_at_venue <= price", name="dues_in_order"),
        CheckConstraint("party_size >= 1", name="party_positive"),
        CheckConstraint("moves >= 0", name="moves_not_negative"),
        CheckConstraint("(undo_until IS NULL) = (undo_to IS NULL)", name="undo_whole"),
        CheckConstraint(f"undo_to IN ({KNOWN})", name="undo_to_known"),
        CheckConstraint("kept_penalty_percent BETWEEN 0 AND 100", name="kept_penalty_percent_in_range"),
        CheckConstraint("status <> 'pending' OR hold_expires_at IS NOT NULL", name="pending_has_an_end"),
        UniqueConstraint("business_id", "code"),
        Index("ix_bookings_business_id_start_at", "business_id", "start_at"),
        Index("ix_bookings_customer_id_start_at", "customer_id", "start_at"),
        Index("ix_bookings_user_id_start_at", "user_id", "start_at"),
        Index(
            "ix_bookings_ip",
            "business_id",
            "ip",
            "start_at",
            postgresql_where=text("ip IS NOT NULL AND status IN ('pending', 'confirmed')"),
        ),
        Index(
            "ix_bookings_contact_proven",
            "business_id",
            "start_at",
            postgresql_where=text("contact_proven_at IS NOT NULL AND status IN ('pending', 'confirmed')"),
        ),
        Index("ix_bookings_pending", "hold_expires_at", postgresql_where=text("status = 'pending'")),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    #: The contact that was typed for this booking. It is not read from the customer's record.
    family_name: Mapped[str] = mapped_column(server_default=text("''"))
    given_name: Mapped[str] = mapped_column(server_default=text("''"))
    email: Mapped[str | None] = mapped_column(CITEXT)
    phone: Mapped[str | None]
    #: The network of a caller who proved no identity: an IPv4 address or the first address of an IPv6 /64.
    ip: Mapped[str | None]
    code: Mapped[str] = mapped_column(String(8))
    status: Mapped[str] = mapped_column(server_default=text("'pending'"))
    start_at: Mapped[Time]
    end_at: Mapped[Time]
    time_zone: Mapped[str]
    party_size: Mapped[int] = mapped_column(SmallInteger, server_default=text("1"))
    price: Mapped[Minor]
    amount_due: Mapped[Minor]
    due_at_venue: Mapped[Minor] = mapped_column(server_default=text("0"))
    currency: Mapped[Currency]
    payment_mode: Mapped[str]
    needs_approval: Mapped[bool]
    policy: Mapped[Json]
    hold_expires_at: Mapped[Time | None]
    approval_deadline: Mapped[Time | None]
    #: Staff made it for a customer who had to answer before a deadline.
    is_provisional: Mapped[bool] = mapped_column(server_default=text("false"))
    #: The manager who took the time although it was not free.
    overbooked_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    #: Until when the caller must prove ``email``, or the customer of a provisional booking must answer; empty if
    #: neither is asked (any more).
    proof_deadline: Mapped[Time | None]
    #: When the caller opened a link that was sent to ``email``.
    contact_proven_at: Mapped[Time | None]
    special_requests: Mapped[str | None]
    internal_notes: Mapped[str | None]
    language: Mapped[str] = mapped_column(server_default=text("'ja'"))
    cancelled_by: Mapped[str | None]
    cancellation_penalty: Mapped[Minor | None]
    #: Until when staff can undo the last step, and the status that the booking had before it. The money and the
    #: messages of a booking that is over wait for that.
    undo_until: Mapped[Time | None]
    undo_to: Mapped[str | None]
    #: By when the customer must give another card, as the message says; empty with the new card.
    card_due: Mapped[Time | None]
    #: Whether the message says that the booking is cancelled without one; empty for those from before that was stored.
    card_due_cancels: Mapped[bool | None]
    version: Mapped[int] = mapped_column(server_default=text("0"))
    #: How often the customer has moved it, and the penalty at that time in percent (`KeptPenalty`).
    moves: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    kept_penalty_percent: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    kept_penalty_until: Mapped[Time | None]
    #: The resources that the customer chose, if any.
    preferred_resource_ids: Mapped[list[UUID]] = mapped_column(ARRAY(PgUUID(as_uuid=True)), server_default=text("'{}'"))


class BookingItem(Base):
    """One service inside a booking, with its texts and price as agreed."""

    __tablename__ = "booking_items"
    __table_args__ = (
        UniqueConstraint("booking_id", "position"),
        CheckConstraint("position BETWEEN 0 AND 4", name="position_in_range"),
        one_of("chosen_by", ChosenBy),
        Index("ix_booking_items_service_id_start_at", "service_id", "start_at"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    booking_id: Mapped[UUID] = mapped_column(ForeignKey("bookings.id", deferrable=True, initially="DEFERRED"))
    service_id: Mapped[UUID] = mapped_column(ForeignKey("services.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    name: Mapped[dict[str, str]] = mapped_column(JSONB)
    start_at: Mapped[Time]
    end_at: Mapped[Time]
    buffer_before_minutes: Mapped[int]
    buffer_after_minutes: Mapped[int]
    price: Mapped[Minor]
    tax_percent: Mapped[int] = mapped_column(SmallInteger)
    chosen_by: Mapped[str | None]


class ResourceClaim(Base):
    """One unit of one resource, taken by a booking, a block or an offer of the waitlist for one half-open range,
    buffers inside. The exclusion constraint is what prevents double booking. ``starts_at``/``ends_at`` are stored
    beside ``during`` because row-level security lets the planner use only leak-proof operators on an index, and range
    overlap is none."""

    __tablename__ = "resource_claims"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="time_in_order"),
        CheckConstraint("unit >= 0", name="unit_not_negative"),
        CheckConstraint("num_nonnulls(booking_id, block_id, offer_id) = 1", name="taken_by_one"),
        ExcludeConstraint(
            ("resource_id", "="),
            ("unit", "="),
            ("during", "&&"),
            where=text("released_at IS NULL"),
            using="gist",
            name="ex_resource_claims_no_double_booking",
        ),
        Index(
            "ix_resource_claims_live",
            "resource_id",
            "ends_at",
            "starts_at",
            postgresql_where=text("released_at IS NULL"),
            postgresql_include=["unit", "holds_until", "business_id", "booking_id"],
        ),
        Index("ix_resource_claims_booking_id", "booking_id"),
        Index("ix_resource_claims_block_id", "block_id", postgresql_where=text("block_id IS NOT NULL")),
        Index("ix_resource_claims_offer_id", "offer_id", postgresql_where=text("offer_id IS NOT NULL")),
        ends_cached(CacheKind.AVAILABILITY),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    booking_id: Mapped[UUID | None] = mapped_column(ForeignKey("bookings.id", deferrable=True, initially="DEFERRED"))
    block_id: Mapped[UUID | None] = mapped_column(ForeignKey("blocks.id"))
    #: Of an offer of the waitlist, which is no booking yet.
    offer_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("waitlist_offers.id", ondelete="CASCADE", deferrable=True, initially="DEFERRED")
    )
    resource_id: Mapped[UUID] = mapped_column(ForeignKey("resources.id"))
    item_position: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    requirement_group: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    unit: Mapped[int] = mapped_column(SmallInteger)
    starts_at: Mapped[Time]
    ends_at: Mapped[Time]
    during: Mapped[Range[object]] = mapped_column(
        TSTZRANGE, Computed("tstzrange(starts_at, ends_at, '[)')", persisted=True)
    )
    holds_until: Mapped[Time | None]
    released_at: Mapped[Time | None]


class BookingHistory(Base):
    """Every change of status, and every reschedule: who, when, why, from, to. Rows are never changed or deleted.

    With ``command_id`` a repeated command changes nothing; ``outcome`` is the answer of its first execution.
    """

    __tablename__ = "booking_history"
    __table_args__ = (
        CheckConstraint(f"from_status IN ({KNOWN})", name="from_status_known"),
        CheckConstraint(f"to_status IN ({KNOWN})", name="to_status_known"),
        Index("ix_booking_history_booking_id", "booking_id", "id"),
        UniqueConstraint("booking_id", "command_id"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    booking_id: Mapped[UUID] = mapped_column(ForeignKey("bookings.id", deferrable=True, initially="DEFERRED"))
    event: Mapped[str]
    from_status: Mapped[str | None]
    to_status: Mapped[str]
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    reason: Mapped[str | None]
    details: Mapped[Json] = mapped_column(server_default=text("'{}'"))
    command_id: Mapped[str | None]
    outcome: Mapped[dict[str, object] | None] = mapped_column(JSONB)
    created_at: Mapped[Time] = mapped_column(server_default=text("now()"))


class BookingReminder(Base):
    """A sent reminder: one row per booking, offset and time of the visit, so that none is sent twice."""

    __tablename__ = "booking_reminders"
    __table_args__ = (UniqueConstraint("booking_id", "start_at", "offset_seconds"),)

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    booking_id: Mapped[UUID] = mapped_column(ForeignKey("bookings.id"))
    start_at: Mapped[Time]
    offset_seconds: Mapped[int]
    created_at: Mapped[Time] = mapped_column(server_default=text("now()"))


class Reaccommodation(Base, Stamped):
    """A booking that a change of the calendar stranded is offered another time until ``decide_by``. ``number`` counts
    those of one booking; ``start_at`` is the time that was lost; ``decided_by`` the kind of actor."""

    __tablename__ = "reaccommodations"
    __table_args__ = (
        one_of("status", ReaccommodationStatus),
        one_of("reason", StrandReason),
        CheckConstraint("(status = 'open') = (decided_at IS NULL)", name="decided"),
        UniqueConstraint("booking_id", "number"),
        Index("uq_reaccommodations_open", "booking_id", unique=True, postgresql_where=text("status = 'open'")),
        Index("ix_reaccommodations_business_id_status", "business_id", "status", "id"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    booking_id: Mapped[UUID] = mapped_column(ForeignKey("bookings.id"))
    number: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[str] = mapped_column(server_default=text("'open'"))
    reason: Mapped[str]
    start_at: Mapped[Time]
    remind_at: Mapped[Time | None]
    decide_by: Mapped[Time]
    decided_at: Mapped[Time | None]
    decided_by: Mapped[str | None]


class BookingSeries(Base, Stamped):
    """Bookings that recur. ``start_at`` and ``recurrence`` are the plan as it was asked for; each occurrence is a
    booking of its own. ``user_id`` repeats the customer's login, like in `Booking`."""

    __tablename__ = "booking_series"
    __table_args__ = (
        Index("ix_booking_series_business_id", "business_id", "id"),
        Index("ix_booking_series_user_id", "user_id"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    start_at: Mapped[Time]
    recurrence: Mapped[Json]
    time_zone: Mapped[str]


class SeriesOccurrence(Base):
    """One occurrence of a series: its booking, or the code of the refusal where it could not be booked."""

    __tablename__ = "series_occurrences"
    __table_args__ = (
        UniqueConstraint("series_id", "number"),
        UniqueConstraint("booking_id"),
        CheckConstraint("(booking_id IS NULL) = (refusal IS NOT NULL)", name="booked_or_refused"),
        Index("ix_series_occurrences_business_id", "business_id"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    series_id: Mapped[UUID] = mapped_column(ForeignKey("booking_series.id"))
    number: Mapped[int] = mapped_column(SmallInteger)
    planned_at: Mapped[Time]
    booking_id: Mapped[UUID | None] = mapped_column(ForeignKey("bookings.id"))
    refusal: Mapped[str | None]
