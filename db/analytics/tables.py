"""Aggregates by business and business day, the days that are to be computed, and how far changes were read.

Amounts are minor units of ``currency``. Every figure can be recomputed from the tables of bookings and payments.
"""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.engine.base import Base, Currency, Key, Minor, Stamped, Time


class AnalyticsDaily(Base, Stamped):
    """One business day of one business. A booking counts on the business day of its start, and so does its money.

    ``value``: prices of confirmed, checked-in and completed bookings. ``gross``: captured online, fees included;
    ``net`` is ``gross`` less ``refunds``; ``venue``: taken at the venue, less what was given back there. ``reviews``
    are the published ones of the day's visits, ``rating_sum`` their stars. ``blocked_minutes`` are part of
    ``open_minutes``. A customer is new on the day of their first completed booking.
    """

    __tablename__ = "analytics_daily"
    __table_args__ = (
        UniqueConstraint("business_id", "day"),
        Index("ix_analytics_daily_day", "day", "business_id"),
        CheckConstraint("net = gross - refunds", name="net_is_the_difference"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    day: Mapped[date]
    currency: Mapped[Currency]
    bookings: Mapped[int]
    pending: Mapped[int]
    confirmed: Mapped[int]
    checked_in: Mapped[int]
    completed: Mapped[int]
    cancelled: Mapped[int]
    declined: Mapped[int]
    expired: Mapped[int]
    no_show: Mapped[int]
    people: Mapped[int]
    value: Mapped[Minor]
    gross: Mapped[Minor]
    refunds: Mapped[Minor]
    net: Mapped[Minor]
    venue: Mapped[Minor]
    reviews: Mapped[int]
    rating_sum: Mapped[int]
    new_customers: Mapped[int]
    returning_customers: Mapped[int]
    booked_minutes: Mapped[int]
    open_minutes: Mapped[int]
    blocked_minutes: Mapped[int]


class AnalyticsDailyService(Base, Stamped):
    """One service on one business day. ``value`` and ``net`` are the items' shares of their bookings' amounts."""

    __tablename__ = "analytics_daily_services"
    __table_args__ = (UniqueConstraint("business_id", "day", "service_id"),)

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    day: Mapped[date]
    service_id: Mapped[UUID] = mapped_column(ForeignKey("services.id"))
    bookings: Mapped[int]
    completed: Mapped[int]
    no_show: Mapped[int]
    value: Mapped[Minor]
    net: Mapped[Minor]


class AnalyticsDailyResource(Base, Stamped):
    """One resource on one business day. Minutes are minutes of one unit, buffers included in ``booked_minutes``;
    ``open_minutes`` are those in which the business and the resource are open, for all its units; ``blocked_minutes``
    are those of them that a block has. ``value`` is that of the items that it was part of."""

    __tablename__ = "analytics_daily_resources"
    __table_args__ = (UniqueConstraint("business_id", "day", "resource_id"),)

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    day: Mapped[date]
    resource_id: Mapped[UUID] = mapped_column(ForeignKey("resources.id"))
    bookings: Mapped[int]
    booked_minutes: Mapped[int]
    open_minutes: Mapped[int]
    blocked_minutes: Mapped[int]
    value: Mapped[Minor]


class AnalyticsDailyHour(Base, Stamped):
    """One hour of one business day; 25 is the hour from 1:00 to 2:00 of the next date. ``bookings`` start in it."""

    __tablename__ = "analytics_daily_hours"
    __table_args__ = (
        UniqueConstraint("business_id", "day", "hour"),
        CheckConstraint("hour BETWEEN 0 AND 47", name="hour_in_range"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    day: Mapped[date]
    hour: Mapped[int] = mapped_column(SmallInteger)
    bookings: Mapped[int]
    people: Mapped[int]


class AnalyticsStaleDay(Base):
    """A business day that is to be computed, for the first time or again. ``marked`` is set again by every change, so
    that a change during a computation is not lost."""

    __tablename__ = "analytics_stale_days"

    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    marked: Mapped[UUID] = mapped_column(server_default=text("uuidv7()"))


class AnalyticsProgress(Base):
    """Up to which time changes of bookings and payments were read; one row."""

    __tablename__ = "analytics_progress"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    read_until: Mapped[Time]
