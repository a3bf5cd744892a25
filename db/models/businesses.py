"""The tenant: business, its settings, hours and one-off days."""

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from db.base import CITEXT, INTERVAL, Base, Bilingual, Currency, Key, Stamped, Time, bilingual, one_of
from domain.businesses.status import ApprovalMode, BusinessStatus, Vertical
from domain.payments.status import PaymentMode


class Business(Base, Stamped):
    """The tenant. ``latitude``/``longitude`` in degrees (WGS 84)."""

    __tablename__ = "businesses"
    __table_args__ = (
        one_of("status", BusinessStatus),
        one_of("vertical", Vertical),
        bilingual("name"),
        CheckConstraint("latitude BETWEEN -90 AND 90", name="latitude_in_range"),
        CheckConstraint("longitude BETWEEN -180 AND 180", name="longitude_in_range"),
        Index("ix_businesses_owner_id", "owner_id"),
        Index(
            "ix_businesses_location",
            text("ll_to_earth(latitude, longitude)"),
            postgresql_using="gist",
            postgresql_where=text("latitude IS NOT NULL AND longitude IS NOT NULL"),
        ),
    )

    id: Mapped[Key]
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    slug: Mapped[str] = mapped_column(CITEXT, unique=True)
    status: Mapped[str] = mapped_column(server_default=text("'draft'"))
    vertical: Mapped[str]
    name: Mapped[Bilingual]
    description: Mapped[Bilingual | None]
    address: Mapped[Bilingual | None]
    postal_code: Mapped[str | None]
    prefecture: Mapped[str | None]
    city: Mapped[str | None]
    phone: Mapped[str | None]
    email: Mapped[str | None]
    website: Mapped[str | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    time_zone: Mapped[str] = mapped_column(server_default=text("'Asia/Tokyo'"))
    currency: Mapped[Currency] = mapped_column(server_default=text("'JPY'"))
    payment_provider: Mapped[str] = mapped_column(server_default=text("'stripe'"))
    #: Counts changes of whatever says when it can be booked; who takes time compares it with what was read.
    calendar_version: Mapped[int] = mapped_column(server_default=text("0"))
    deleted_at: Mapped[Time | None]


class BusinessSettings(Base, Stamped):
    """How a business takes bookings; one row per business, made with it. The defaults are the platform's."""

    __tablename__ = "business_settings"
    __table_args__ = (
        one_of("approval_mode", ApprovalMode),
        one_of("payment_mode", PaymentMode),
        CheckConstraint("slot_interval_minutes BETWEEN 1 AND 1440", name="slot_interval_in_range"),
        CheckConstraint("hold_for > interval '0'", name="hold_positive"),
        CheckConstraint("lead_time >= interval '0'", name="lead_time_not_negative"),
        CheckConstraint("booking_window > interval '0'", name="booking_window_positive"),
        CheckConstraint("language IN ('ja', 'en')", name="language_known"),
    )

    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"), primary_key=True)
    slot_interval_minutes: Mapped[int] = mapped_column(SmallInteger, server_default=text("15"))
    hold_for: Mapped[timedelta] = mapped_column(INTERVAL, server_default=text("interval '10 minutes'"))
    approval_within: Mapped[timedelta] = mapped_column(INTERVAL, server_default=text("interval '24 hours'"))
    lead_time: Mapped[timedelta] = mapped_column(INTERVAL, server_default=text("interval '1 hour'"))
    booking_window: Mapped[timedelta] = mapped_column(INTERVAL, server_default=text("interval '60 days'"))
    approval_mode: Mapped[str] = mapped_column(server_default=text("'instant'"))
    guest_booking: Mapped[bool] = mapped_column(server_default=text("true"))
    reminder_offsets: Mapped[list[timedelta]] = mapped_column(
        ARRAY(INTERVAL), server_default=text("ARRAY[interval '24 hours']")
    )
    #: The hours' row for public holidays counts, even where it is empty: closed on them.
    has_public_holiday_row: Mapped[bool] = mapped_column(server_default=text("false"))
    no_show_grace: Mapped[timedelta] = mapped_column(INTERVAL, server_default=text("interval '15 minutes'"))
    auto_complete: Mapped[bool] = mapped_column(server_default=text("true"))
    waitlist_offer_for: Mapped[timedelta] = mapped_column(INTERVAL, server_default=text("interval '30 minutes'"))
    payment_mode: Mapped[str] = mapped_column(server_default=text("'at_venue'"))
    language: Mapped[str] = mapped_column(server_default=text("'ja'"))


class BusinessHours(Base, Stamped):
    """One opening range. ``weekday`` 0 is Monday, 6 Sunday, 7 the row for public holidays; minutes of the
    business day, ``closes`` past 1440 where the day runs past midnight."""

    __tablename__ = "business_hours"
    __table_args__ = (
        UniqueConstraint("business_id", "weekday", "opens"),
        CheckConstraint("weekday BETWEEN 0 AND 7", name="weekday_known"),
        CheckConstraint("opens >= 0 AND opens < 1440 AND closes > opens AND closes <= 2880", name="minutes_in_order"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    weekday: Mapped[int] = mapped_column(SmallInteger)
    opens: Mapped[int] = mapped_column(SmallInteger)
    closes: Mapped[int] = mapped_column(SmallInteger)


class BusinessHoliday(Base, Stamped):
    """A one-off day: closed all day, or open in these ranges only (``[[opens, closes], …]`` in minutes)."""

    __tablename__ = "business_holidays"
    __table_args__ = (UniqueConstraint("business_id", "day"),)

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    day: Mapped[date]
    opens: Mapped[list[list[int]]] = mapped_column(ARRAY(SmallInteger, dimensions=2), server_default=text("'{}'"))
    name: Mapped[str | None]
