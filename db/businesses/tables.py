"""The tenant: business, its settings, hours and one-off days."""

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.engine.base import INTERVAL, Base, Bilingual, Currency, Key, Stamped, Time, bilingual, ends_cached, one_of
from domain.business_status import BusinessStatus
from domain.businesses.address import Prefecture
from domain.businesses.profile import AsksKana, Vertical
from domain.catalogue.service import ApprovalMode
from domain.payments.providers import ProviderName
from domain.payments.status import PaymentMode
from domain.payments.without_card import WithoutCard
from domain.platform.invalidation import CacheKind
from domain.scheduling.availability.model import StartGrid
from domain.scheduling.reassignment import StaffChangeNotice


class Business(Base, Stamped):
    """The tenant. ``latitude``/``longitude`` in degrees (WGS 84)."""

    __tablename__ = "businesses"
    __table_args__ = (
        one_of("status", BusinessStatus),
        one_of("vertical", Vertical),
        one_of("payment_provider", ProviderName),
        bilingual("name"),
        CheckConstraint("latitude BETWEEN -90 AND 90", name="latitude_in_range"),
        CheckConstraint("longitude BETWEEN -180 AND 180", name="longitude_in_range"),
        Index("ix_businesses_owner_id", "owner_id"),
        one_of("prefecture", Prefecture),
        CheckConstraint("slug ~ '^[a-z0-9][a-z0-9-]*[a-z0-9]$'", name="slug_plain"),
        CheckConstraint("invoice_number ~ '^T[1-9][0-9]{12}$'", name="invoice_number_form"),
        bilingual("legal_notice"),
        ends_cached(CacheKind.BUSINESS),
    )

    id: Mapped[Key]
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    slug: Mapped[str] = mapped_column(unique=True)
    status: Mapped[str] = mapped_column(server_default=text("'draft'"))
    vertical: Mapped[str]
    name: Mapped[Bilingual]
    description: Mapped[Bilingual | None]
    address: Mapped[Bilingual | None]
    postal_code: Mapped[str | None]
    prefecture: Mapped[str | None]
    city: Mapped[str | None]
    #: E.164, and what was typed.
    phone: Mapped[str | None]
    phone_as_typed: Mapped[str | None]
    email: Mapped[str | None]
    website: Mapped[str | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    time_zone: Mapped[str] = mapped_column(server_default=text("'Asia/Tokyo'"))
    currency: Mapped[Currency] = mapped_column(server_default=text("'JPY'"))
    #: 適格請求書発行事業者登録番号.
    invoice_number: Mapped[str | None]
    #: 特定商取引法に基づく表記.
    legal_notice: Mapped[Bilingual | None]
    payment_provider: Mapped[str] = mapped_column(server_default=text("'stripe'"))
    #: Raised by every change of hours or resources; a transaction that takes claims compares it with the version it
    #: read.
    calendar_version: Mapped[int] = mapped_column(server_default=text("0"))
    deleted_at: Mapped[Time | None]


class BusinessSlug(Base, Stamped):
    """The present slug of a business, and its slugs since the first approval: no other business can take them. Written
    by a trigger."""

    __tablename__ = "business_slugs"
    __table_args__ = (Index("ix_business_slugs_business_id", "business_id"),)

    slug: Mapped[str] = mapped_column(primary_key=True)
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))


class BusinessDirectory(Base):
    """The public data of approved businesses, in searchable form. Written by a trigger on ``businesses``; ``id`` is the
    business's."""

    __tablename__ = "business_directory"
    __table_args__ = (
        Index("ix_business_directory_vertical_id", "vertical", "id"),
        Index("ix_business_directory_prefecture_id", "prefecture", "id"),
        Index("ix_business_directory_name_ja_id", "name_ja", "id"),
        Index("ix_business_directory_name_en_id", "name_en", "id"),
        *(
            Index(f"ix_business_directory_{first}_{name}_id", first, name, "id")
            for first in ("vertical", "prefecture")
            for name in ("name_ja", "name_en")
        ),
        Index("ix_business_directory_body_grams", text("search_grams(body)"), postgresql_using="gin"),
        Index(
            "ix_business_directory_name_grams",
            text("search_name_grams(name_ja, name_en)"),
            postgresql_using="gin",
        ),
        Index(
            "ix_business_directory_location",
            text("ll_to_earth(latitude, longitude)"),
            postgresql_using="gist",
            postgresql_where=text("latitude IS NOT NULL AND longitude IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id", ondelete="CASCADE"), primary_key=True)
    vertical: Mapped[str]
    prefecture: Mapped[str | None]
    name_ja: Mapped[str] = mapped_column(Text(collation="C"))
    name_en: Mapped[str] = mapped_column(Text(collation="C"))
    body: Mapped[str]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]


class BusinessSettings(Base, Stamped):
    """The booking settings; one row per business. The defaults are the platform's."""

    __tablename__ = "business_settings"
    __table_args__ = (
        one_of("approval_mode", ApprovalMode),
        one_of("asks_kana", AsksKana),
        one_of("payment_mode", PaymentMode),
        one_of("start_grid", StartGrid),
        one_of("staff_change_notice", StaffChangeNotice),
        one_of("without_card", WithoutCard),
        CheckConstraint("slot_interval_minutes BETWEEN 1 AND 1440", name="slot_interval_in_range"),
        CheckConstraint("hold_for > interval '0'", name="hold_positive"),
        CheckConstraint(
            "address_proof_within BETWEEN interval '0' AND interval '1 day'", name="address_proof_in_range"
        ),
        CheckConstraint("phone_proof_within BETWEEN interval '0' AND interval '1 hour'", name="phone_proof_in_range"),
        CheckConstraint(
            "provisional_for BETWEEN interval '5 minutes' AND interval '30 days'", name="provisional_in_range"
        ),
        CheckConstraint("unproven_holds BETWEEN 1 AND 1000", name="unproven_holds_in_range"),
        CheckConstraint("konbini_days BETWEEN 0 AND 30", name="konbini_days_in_range"),
        CheckConstraint("undo_within BETWEEN interval '0' AND interval '1 day'", name="undo_in_range"),
        CheckConstraint("review_request_days BETWEEN 1 AND 30", name="review_request_in_range"),
        CheckConstraint("lead_time >= interval '0'", name="lead_time_not_negative"),
        CheckConstraint("booking_window > interval '0'", name="booking_window_positive"),
        CheckConstraint("language IN ('ja', 'en')", name="language_known"),
        ends_cached(CacheKind.BUSINESS),
    )

    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"), primary_key=True)
    slot_interval_minutes: Mapped[int] = mapped_column(SmallInteger, server_default=text("15"))
    start_grid: Mapped[str] = mapped_column(server_default=text("'opening'"))
    hold_for: Mapped[timedelta] = mapped_column(INTERVAL, server_default=text("interval '10 minutes'"))
    approval_within: Mapped[timedelta] = mapped_column(INTERVAL, server_default=text("interval '24 hours'"))
    lead_time: Mapped[timedelta] = mapped_column(INTERVAL, server_default=text("interval '1 hour'"))
    booking_window: Mapped[timedelta] = mapped_column(INTERVAL, server_default=text("interval '60 days'"))
    approval_mode: Mapped[str] = mapped_column(server_default=text("'instant'"))
    guest_booking: Mapped[bool] = mapped_column(server_default=text("true"))
    #: Whether the booking form asks for the name in kana.
    asks_kana: Mapped[str] = mapped_column(server_default=text("'off'"))
    #: How long an unpaid booking waits until a caller without a proven identity has proven the typed address. Zero: no
    #: proof is needed.
    address_proof_within: Mapped[timedelta] = mapped_column(INTERVAL, server_default=text("interval '30 minutes'"))
    #: The same for a guest who has a number and no address. Zero: an address is needed.
    phone_proof_within: Mapped[timedelta] = mapped_column(INTERVAL, server_default=text("interval '0'"))
    #: How long staff may hold a time for a customer who has to answer.
    provisional_for: Mapped[timedelta] = mapped_column(INTERVAL, server_default=text("interval '24 hours'"))
    #: How many holds callers without a proven identity may have open together.
    unproven_holds: Mapped[int] = mapped_column(SmallInteger, server_default=text("20"))
    reminder_offsets: Mapped[list[timedelta]] = mapped_column(
        ARRAY(INTERVAL), server_default=text("ARRAY[interval '24 hours']")
    )
    #: Whether the row for public holidays applies, even if it is empty (closed on them).
    has_public_holiday_row: Mapped[bool] = mapped_column(server_default=text("false"))
    no_show_grace: Mapped[timedelta] = mapped_column(INTERVAL, server_default=text("interval '15 minutes'"))
    undo_within: Mapped[timedelta] = mapped_column(INTERVAL, server_default=text("interval '10 minutes'"))
    #: How many days a customer has for a payment at a convenience store. Zero: it is not offered.
    konbini_days: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    #: What becomes of a card hold whose authorization is lost, when the customer gives no other card.
    without_card: Mapped[str] = mapped_column(server_default=text("'keep'"))
    auto_complete: Mapped[bool] = mapped_column(server_default=text("true"))
    send_dispute_evidence: Mapped[bool] = mapped_column(server_default=text("false"))
    waitlist_offer_for: Mapped[timedelta] = mapped_column(INTERVAL, server_default=text("interval '30 minutes'"))
    payment_mode: Mapped[str] = mapped_column(server_default=text("'at_venue'"))
    language: Mapped[str] = mapped_column(server_default=text("'ja'"))
    #: When a customer gets a message that somebody else serves.
    staff_change_notice: Mapped[str] = mapped_column(server_default=text("'if_asked_for'"))
    #: Whether messages to customers name the staff.
    messages_name_staff: Mapped[bool] = mapped_column(server_default=text("true"))
    #: How many days after a completed visit its customer is asked for a review; None: nobody is asked.
    review_request_days: Mapped[int | None] = mapped_column(SmallInteger, server_default=text("1"))
    #: Which tables may be joined: ``[{"resource_ids": […], "seats": 6}, …]``.
    table_joins: Mapped[list[dict[str, object]]] = mapped_column(JSONB, server_default=text("'[]'"))
    #: Whether calendar feeds name the customers.
    feeds_name_customers: Mapped[bool] = mapped_column(server_default=text("false"))


class BusinessHours(Base, Stamped):
    """One opening range. ``weekday`` 0 is Monday, 6 Sunday, 7 the row for public holidays; minutes of the
    business day, ``closes`` past 1440 where the day runs past midnight."""

    __tablename__ = "business_hours"
    __table_args__ = (
        UniqueConstraint("business_id", "weekday", "opens"),
        CheckConstraint("weekday BETWEEN 0 AND 7", name="weekday_known"),
        CheckConstraint("opens >= 0 AND opens < 1440 AND closes > opens AND closes <= 2880", name="minutes_in_order"),
        ends_cached(CacheKind.BUSINESS),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    weekday: Mapped[int] = mapped_column(SmallInteger)
    opens: Mapped[int] = mapped_column(SmallInteger)
    closes: Mapped[int] = mapped_column(SmallInteger)


class BusinessHoliday(Base, Stamped):
    """A one-off day: closed all day, or open in these ranges only (``[[opens, closes], …]`` in minutes)."""

    __tablename__ = "business_holidays"
    __table_args__ = (
        UniqueConstraint("business_id", "day"),
        ends_cached(CacheKind.BUSINESS),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    day: Mapped[date]
    opens: Mapped[list[list[int]]] = mapped_column(ARRAY(SmallInteger, dimensions=2), server_default=text("'{}'"))
    name: Mapped[str | None]
