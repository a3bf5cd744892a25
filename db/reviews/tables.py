"""Reviews, their history, requests for moderation, readers' reports, and the stars that are counted."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PgUUID
from sqlalchemy.orm import Mapped, mapped_column

from db.engine.base import Base, Key, Stamped, Time, one_of
from domain.reviews.moderation import Outcome
from domain.reviews.status import STEPS, PublicationStatus, RemovalReason, Subject

_STEPS = ", ".join(f"'{step}'" for step in STEPS)
_STATUSES = ", ".join(f"'{status.value}'" for status in PublicationStatus)
_REASONS = ", ".join(f"'{reason.value}'" for reason in RemovalReason)
_OUTCOMES = ", ".join(f"'{outcome.value}'" for outcome in Outcome)


class Review(Base, Stamped):
    """One customer's review of one visit. The id is random: an ordered one would show when it was written.

    ``user_id`` repeats the booking's login. ``service_ids`` and ``staff_ids`` are those of the visit. ``publish_at``:
    when it is published unless an operator decides otherwise. ``version`` counts the texts. A deleted review keeps its
    row without texts, so that the visit is not reviewed twice.
    """

    __tablename__ = "reviews"
    __table_args__ = (
        one_of("status", PublicationStatus),
        CheckConstraint(f"removal_reason IN ({_REASONS})", name="removal_reason_known"),
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating_in_range"),
        CheckConstraint("version >= 1", name="version_positive"),
        CheckConstraint(
            "(status IN ('rejected', 'hidden')) = (removal_reason IS NOT NULL)", name="removed_with_reason"
        ),
        CheckConstraint("status <> 'published' OR published_on IS NOT NULL", name="published_has_a_day"),
        CheckConstraint("(reply IS NULL) = (replied_at IS NULL)", name="reply_whole"),
        CheckConstraint(
            "deleted_at IS NULL OR (body IS NULL AND display_name IS NULL AND reply IS NULL)", name="deleted_is_empty"
        ),
        UniqueConstraint("booking_id"),
        Index(
            "ix_reviews_public",
            "business_id",
            "published_on",
            "id",
            postgresql_where=text("status = 'published' AND deleted_at IS NULL"),
        ),
        Index("ix_reviews_business_id", "business_id", "created_at", "id"),
        Index("ix_reviews_user_id", "user_id", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(PgUUID(as_uuid=True), primary_key=True, server_default=text("gen_random_uuid()"))
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    booking_id: Mapped[UUID] = mapped_column(ForeignKey("bookings.id"))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    status: Mapped[str] = mapped_column(server_default=text("'pending'"))
    removal_reason: Mapped[str | None]
    rating: Mapped[int] = mapped_column(SmallInteger)
    body: Mapped[str | None]
    #: What the author wants to be called in public; none: nothing is shown.
    display_name: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    service_ids: Mapped[list[UUID]] = mapped_column(ARRAY(PgUUID(as_uuid=True)))
    staff_ids: Mapped[list[UUID]] = mapped_column(ARRAY(PgUUID(as_uuid=True)))
    #: The date of the visit at the venue.
    visited_on: Mapped[date]
    editable_until: Mapped[Time]
    publish_at: Mapped[Time]
    #: The date at the venue on which it was first published.
    published_on: Mapped[date | None]
    reply: Mapped[str | None]
    replied_at: Mapped[Time | None]
    replied_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    reply_is_edited: Mapped[bool] = mapped_column(server_default=text("false"))
    deleted_at: Mapped[Time | None]


class ReviewHistory(Base):
    """Every change of a review's status, with who and why. Rows are only added. The check repeats the table of the
    domain."""

    __tablename__ = "review_history"
    __table_args__ = (
        CheckConstraint(
            f"CASE WHEN from_status IS NULL THEN to_status = 'pending'"
            f" ELSE from_status || '>' || to_status IN ({_STEPS}) END",
            name="step_allowed",
        ),
        CheckConstraint(f"to_status IN ({_STATUSES})", name="to_status_known"),
        Index("ix_review_history_review_id", "review_id", "id"),
        Index("ix_review_history_business_id", "business_id", "id"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    review_id: Mapped[UUID] = mapped_column(ForeignKey("reviews.id"))
    from_status: Mapped[str | None]
    to_status: Mapped[str]
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    reason: Mapped[str | None]
    created_at: Mapped[Time] = mapped_column(server_default=text("now()"))


class ReviewModeration(Base, Stamped):
    """A request to take a review down, open until ``decided_at``. ``asked_by`` is empty for one that readers' reports
    made. ``version``: the version of the text that it is about. ``note``: what the business writes to the operator."""

    __tablename__ = "review_moderations"
    __table_args__ = (
        one_of("reason", RemovalReason),
        CheckConstraint(f"outcome IN ({_OUTCOMES})", name="outcome_known"),
        CheckConstraint("(outcome IS NULL) = (decided_at IS NULL)", name="decided_whole"),
        UniqueConstraint("command_id"),
        Index("uq_review_moderations_open", "review_id", unique=True, postgresql_where=text("outcome IS NULL")),
        Index("ix_review_moderations_review_id", "review_id", "id"),
        Index("ix_review_moderations_business_id", "business_id", "id"),
        Index("ix_review_moderations_queue", "id", postgresql_where=text("outcome IS NULL")),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    review_id: Mapped[UUID] = mapped_column(ForeignKey("reviews.id"))
    version: Mapped[int]
    asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[str]
    note: Mapped[str | None]
    asked_at: Mapped[Time]
    decide_by: Mapped[Time]
    outcome: Mapped[str | None]
    decided_at: Mapped[Time | None]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    #: Of the operator's command; a repeat changes nothing.
    command_id: Mapped[str | None]


class ReviewReport(Base):
    """A reader's report. ``reporter`` is a digest of the login or network, so that nobody reports twice."""

    __tablename__ = "review_reports"
    __table_args__ = (
        one_of("reason", RemovalReason),
        UniqueConstraint("review_id", "version", "reporter"),
        Index("ix_review_reports_business_id", "business_id", "id"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    review_id: Mapped[UUID] = mapped_column(ForeignKey("reviews.id"))
    version: Mapped[int]
    reporter: Mapped[str]
    reason: Mapped[str]
    created_at: Mapped[Time] = mapped_column(server_default=text("now()"))


class ReviewStatistics(Base):
    """How many published reviews gave how many stars, for a business, one of its services or one of its staff. Kept by
    the trigger ``count_review`` in the transaction that changes a review."""

    __tablename__ = "review_statistics"
    __table_args__ = (
        one_of("subject", Subject),
        CheckConstraint("least(stars_1, stars_2, stars_3, stars_4, stars_5) >= 0", name="not_negative"),
    )

    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"), primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    stars_1: Mapped[int] = mapped_column(server_default=text("0"))
    stars_2: Mapped[int] = mapped_column(server_default=text("0"))
    stars_3: Mapped[int] = mapped_column(server_default=text("0"))
    stars_4: Mapped[int] = mapped_column(server_default=text("0"))
    stars_5: Mapped[int] = mapped_column(server_default=text("0"))
