"""Who works where, and when a resource has hours of its own."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.engine.base import CITEXT, Base, Bilingual, Key, Stamped, Time, ends_cached, one_of
from domain.platform.invalidation import CacheKind
from domain.scheduling.staff import StaffRole
from domain.scheduling.staff_exceptions import ExceptionKind


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
        ends_cached(CacheKind.CATALOGUE),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    resource_id: Mapped[UUID] = mapped_column(ForeignKey("resources.id"))
    weekday: Mapped[int] = mapped_column(SmallInteger)
    opens: Mapped[int] = mapped_column(SmallInteger)
    closes: Mapped[int] = mapped_column(SmallInteger)


class StaffException(Base, Stamped):
    """Days on which a resource is not there as usual: ``off`` all day or in ``ranges``, or other ``hours``; minutes of
    the business day, ``[[opens, closes], …]``. A day has other hours once at most."""

    __tablename__ = "staff_exceptions"
    __table_args__ = (
        one_of("kind", ExceptionKind),
        CheckConstraint("last_day >= first_day", name="days_in_order"),
        CheckConstraint("kind = 'off' OR ranges <> '{}'", name="hours_have_ranges"),
        ExcludeConstraint(
            ("resource_id", "="),
            (text("daterange(first_day, last_day, '[]')"), "&&"),
            where=text("kind = 'hours'"),
            using="gist",
            name="ex_staff_exceptions_one_kind_of_hours",
        ),
        Index("ix_staff_exceptions_resource_id_last_day", "resource_id", "last_day"),
        Index("ix_staff_exceptions_business_id", "business_id"),
        ends_cached(CacheKind.AVAILABILITY),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    resource_id: Mapped[UUID] = mapped_column(ForeignKey("resources.id"))
    first_day: Mapped[date]
    last_day: Mapped[date]
    kind: Mapped[str]
    ranges: Mapped[list[list[int]]] = mapped_column(ARRAY(SmallInteger, dimensions=2), server_default=text("'{}'"))
    reason: Mapped[str | None]


class StaffInvitation(Base, Stamped):
    """An invitation by e-mail to work here. The link in the e-mail is made from ``id`` and ``expires_at``; it is
    used up by ``accepted_at``. ``resource_id``: the bookable person; or ``resource_name``, for one to be made."""

    __tablename__ = "staff_invitations"
    __table_args__ = (
        one_of("role", StaffRole),
        CheckConstraint("resource_id IS NULL OR resource_name IS NULL", name="one_resource"),
        CheckConstraint("resource_name ?| array['ja', 'en']", name="resource_name_bilingual"),
        CheckConstraint("language IN ('ja', 'en')", name="language_known"),
        Index(
            "uq_staff_invitations_open",
            "business_id",
            "email",
            unique=True,
            postgresql_where=text("accepted_at IS NULL AND withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    email: Mapped[str] = mapped_column(CITEXT)
    role: Mapped[str]
    resource_id: Mapped[UUID | None] = mapped_column(ForeignKey("resources.id"))
    resource_name: Mapped[Bilingual | None]
    language: Mapped[str]
    invited_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    expires_at: Mapped[Time]
    accepted_at: Mapped[Time | None]
    withdrawn_at: Mapped[Time | None]


class Block(Base, Stamped):
    """Time that the business keeps free, of one resource or (``resource_id`` empty) of all of them. ``starts_at`` and
    ``ends_at`` are the first occurrence as it was asked for, ``recurrence`` how it was repeated; `BlockTime` has the
    occurrences that there are."""

    __tablename__ = "blocks"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="time_in_order"),
        Index("ix_blocks_business_id", "business_id", "id"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    resource_id: Mapped[UUID | None] = mapped_column(ForeignKey("resources.id"))
    starts_at: Mapped[Time]
    ends_at: Mapped[Time]
    recurrence: Mapped[dict[str, object] | None] = mapped_column(JSONB)
    reason: Mapped[str | None]


class BlockTime(Base):
    """One occurrence of a block. Its claims take whatever of it no booking has; what a booking gives up, the database
    takes for the block in the same statement (`block_takes_released_time`)."""

    __tablename__ = "block_times"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="time_in_order"),
        UniqueConstraint("block_id", "starts_at"),
        Index("ix_block_times_business_id_ends_at", "business_id", "ends_at"),
        ends_cached(CacheKind.AVAILABILITY),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    block_id: Mapped[UUID] = mapped_column(ForeignKey("blocks.id"))
    starts_at: Mapped[Time]
    ends_at: Mapped[Time]
    #: How often it changed, for calendars (SEQUENCE).
    version: Mapped[int] = mapped_column(server_default=text("0"))
