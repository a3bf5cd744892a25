"""Who works where, and when a resource has hours of its own."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Key, Stamped, Time, one_of
from domain.businesses.status import StaffRole


class StaffAssignment(Base, Stamped):
    """A user's role in a business; ``resource_id`` is the bookable person, if there is one."""

    __tablename__ = "staff_assignments"
    __table_args__ = (
        one_of("role", StaffRole),
        Index(
            "uq_staff_assignments_active",
            "business_id",
            "user_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_staff_assignments_user_id", "user_id"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    resource_id: Mapped[UUID | None] = mapped_column(ForeignKey("resources.id"))
    role: Mapped[str]
    ended_at: Mapped[Time | None]


class StaffWorkingHours(Base, Stamped):
    """One working range of a resource; a resource without any row has the business's hours. Same minutes and
    weekdays as ``business_hours``."""

    __tablename__ = "staff_working_hours"
    __table_args__ = (
        UniqueConstraint("resource_id", "weekday", "opens"),
        CheckConstraint("weekday BETWEEN 0 AND 7", name="weekday_known"),
        CheckConstraint("opens >= 0 AND opens < 1440 AND closes > opens AND closes <= 2880", name="minutes_in_order"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    resource_id: Mapped[UUID] = mapped_column(ForeignKey("resources.id"))
    weekday: Mapped[int] = mapped_column(SmallInteger)
    opens: Mapped[int] = mapped_column(SmallInteger)
    closes: Mapped[int] = mapped_column(SmallInteger)


class StaffException(Base, Stamped):
    """One day of one resource: off (no ranges) or special hours."""

    __tablename__ = "staff_exceptions"
    __table_args__ = (UniqueConstraint("resource_id", "day"),)

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    resource_id: Mapped[UUID] = mapped_column(ForeignKey("resources.id"))
    day: Mapped[date]
    opens: Mapped[list[list[int]]] = mapped_column(ARRAY(SmallInteger, dimensions=2), server_default=text("'{}'"))
    reason: Mapped[str | None]
