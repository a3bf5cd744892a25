"""Reviews, read: public ones, one's own, those of a business, and the stars."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text, bindparam, text
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.engine.store import Store
from domain.errors import NotFound
from domain.reviews.statistics import Stars
from domain.reviews.status import PublicationStatus, Subject

_SERVICES = """(SELECT coalesce(jsonb_agg(i.name ORDER BY i.position), '[]') FROM booking_items i
                 WHERE i.booking_id = r.booking_id)"""
_COLUMNS = f"""
    r.id, r.business_id, r.booking_id, r.status, r.removal_reason, r.rating, r.body, r.display_name, r.version,
    {_SERVICES} AS services, r.visited_on, r.published_on, r.editable_until, r.publish_at, r.reply,
    r.reply_is_edited, r.created_at, m.asked_at, m.decide_by
"""
_FROM = """
    FROM reviews r LEFT JOIN review_moderations m ON m.review_id = r.id AND m.outcome IS NULL
"""
_GET = text(f"SELECT {_COLUMNS} {_FROM} WHERE r.id = :id AND r.deleted_at IS NULL")
_OF_BOOKING = text(f"SELECT {_COLUMNS} {_FROM} WHERE r.booking_id = :booking_id AND r.deleted_at IS NULL")
# The newest first by the date alone; ids are random, so the order within a day says nothing.
_PUBLIC = text(f"""
    SELECT {_COLUMNS} {_FROM}
     WHERE r.business_id = :business_id AND r.status = 'published' AND r.deleted_at IS NULL
       AND (CAST(:rating AS smallint) IS NULL OR r.rating = :rating)
       AND (:service_id IS NULL OR :service_id = ANY(r.service_ids))
       AND (:staff_id IS NULL OR :staff_id = ANY(r.staff_ids))
       AND (NOT :with_text OR r.body IS NOT NULL)
       AND (CAST(:day AS date) IS NULL OR (r.published_on, r.id) < (CAST(:day AS date), :after))
     ORDER BY r.published_on DESC, r.id DESC LIMIT :limit
""").bindparams(
    bindparam("service_id", type_=PgUUID), bindparam("staff_id", type_=PgUUID), bindparam("after", type_=PgUUID)
)
_KEPT = """
       AND r.deleted_at IS NULL AND (CAST(:created_at AS timestamptz) IS NULL
            OR (r.created_at, r.id) < (CAST(:created_at AS timestamptz), :after))
     ORDER BY r.created_at DESC, r.id DESC LIMIT :limit
"""
_OF_BUSINESS = text(f"""
    SELECT {_COLUMNS} {_FROM}
     WHERE r.business_id = :business_id AND (:status IS NULL OR r.status = :status) {_KEPT}
""").bindparams(bindparam("status", type_=Text), bindparam("after", type_=PgUUID))
_OF_USER = text(f"SELECT {_COLUMNS} {_FROM} WHERE r.user_id = :user_id {_KEPT}").bindparams(
    bindparam("after", type_=PgUUID)
)
_STARS = text("""
    SELECT s.subject, s.subject_id, s.stars_1, s.stars_2, s.stars_3, s.stars_4, s.stars_5,
           coalesce(v.name, r.name) AS name
      FROM review_statistics s
      LEFT JOIN services v ON s.subject = 'service' AND v.id = s.subject_id
      LEFT JOIN resources r ON s.subject = 'staff' AND r.id = s.subject_id
     WHERE s.business_id = :business_id AND s.stars_1 + s.stars_2 + s.stars_3 + s.stars_4 + s.stars_5 > 0
     ORDER BY s.subject, s.subject_id
""")
_QUEUE = text(f"""
    SELECT {_COLUMNS}, m.id AS moderation_id, m.reason, m.note, m.asked_by,
           (SELECT count(*) FROM review_reports x WHERE x.review_id = r.id AND x.version = m.version) AS reports
      FROM review_moderations m JOIN reviews r ON r.id = m.review_id
     WHERE m.outcome IS NULL AND (:after IS NULL OR m.id > :after) ORDER BY m.id LIMIT :limit
""").bindparams(bindparam("after", type_=PgUUID))


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """A review. Dates are of the venue, times aware UTC; ``services`` are bilingual names as they were booked.
    ``asked_at`` and ``decide_by`` are of the open request for moderation."""

    id: UUID
    business_id: UUID
    booking_id: UUID
    status: str
    removal_reason: str | None
    rating: int
    body: str | None
    display_name: str | None
    version: int
    services: Sequence[Mapping[str, str]]
    visited_on: date
    published_on: date | None
    editable_until: datetime
    publish_at: datetime
    reply: str | None
    reply_is_edited: bool
    created_at: datetime
    asked_at: datetime | None
    decide_by: datetime | None


@dataclass(frozen=True, slots=True)
class RequestRow:
    """An open request for moderation with its review. ``by_business``: else readers' reports made it."""

    id: UUID
    review: ReviewRow
    reason: str
    note: str | None
    by_business: bool
    reports: int


@dataclass(frozen=True, slots=True)
class StarsOf:
    """The stars of one service or staff member; ``name`` is bilingual."""

    subject: Subject
    subject_id: UUID
    name: Mapping[str, str]
    stars: Stars


@dataclass(frozen=True, slots=True)
class BusinessStars:
    """The stars of a business and of what they are counted for."""

    whole: Stars
    parts: Sequence[StarsOf]


@dataclass(frozen=True, slots=True)
class ReviewFilter:
    """Which public reviews. ``after``: the day of publication and the id of the last one of the page before."""

    rating: int | None = None
    service_id: UUID | None = None
    staff_id: UUID | None = None
    with_text: bool = False
    after: tuple[date, UUID] | None = None


class ReviewReadStore(Store):
    """Reviews for display."""

    async def get(self, review_id: UUID, *, public_only: bool = False) -> ReviewRow:
        """One review. Raises NotFound; with ``public_only`` also for one that is not published."""
        row = (await self.session.execute(_GET, {"id": review_id})).mappings().one_or_none()
        if row is None or (public_only and row["status"] != PublicationStatus.PUBLISHED.value):
            raise NotFound
        return ReviewRow(**row)

    async def of_booking(self, booking_id: UUID) -> ReviewRow:
        """The review of a visit. Raises NotFound."""
        row = (await self.session.execute(_OF_BOOKING, {"booking_id": booking_id})).mappings().one_or_none()
        if row is None:
            raise NotFound
        return ReviewRow(**row)

    async def list_public(self, business_id: UUID, wanted: ReviewFilter, limit: int) -> list[ReviewRow]:
        """Published reviews, the newest day first."""
        day, after = wanted.after or (None, None)
        values = {
            "business_id": business_id,
            "rating": wanted.rating,
            "service_id": wanted.service_id,
            "staff_id": wanted.staff_id,
            "with_text": wanted.with_text,
            "day": day,
            "after": after,
            "limit": limit,
        }
        return [ReviewRow(**row) for row in (await self.session.execute(_PUBLIC, values)).mappings()]

    async def list_of_business(
        self, business_id: UUID, status: PublicationStatus | None, after: tuple[datetime, UUID] | None, limit: int
    ) -> list[ReviewRow]:
        """All reviews of a business, newest first."""
        values = {"business_id": business_id, "status": status and status.value, **_after(after), "limit": limit}
        return [ReviewRow(**row) for row in (await self.session.execute(_OF_BUSINESS, values)).mappings()]

    async def list_of_user(self, user_id: UUID, after: tuple[datetime, UUID] | None, limit: int) -> list[ReviewRow]:
        """The reviews that a login wrote, newest first."""
        values = {"user_id": user_id, **_after(after), "limit": limit}
        return [ReviewRow(**row) for row in (await self.session.execute(_OF_USER, values)).mappings()]

    async def list_requests(self, after: UUID | None, limit: int) -> list[RequestRow]:
        """Open requests for moderation of all businesses, oldest first; platform scope."""
        rows = (await self.session.execute(_QUEUE, {"after": after, "limit": limit})).mappings()
        return [_request(dict(row)) for row in rows]

    async def stars(self, business_id: UUID) -> BusinessStars:
        """The counted stars of a business, its services and its staff."""
        whole, parts = Stars(), []
        for row in await self.session.execute(_STARS, {"business_id": business_id}):
            stars = Stars((row.stars_1, row.stars_2, row.stars_3, row.stars_4, row.stars_5))
            if row.subject == Subject.BUSINESS.value:
                whole = stars
            elif row.name is not None:
                parts.append(StarsOf(Subject(row.subject), row.subject_id, row.name, stars))
        return BusinessStars(whole, parts)


def _after(after: tuple[datetime, UUID] | None) -> dict[str, Any]:
    created_at, review_id = after or (None, None)
    return {"created_at": created_at, "after": review_id}


def _request(row: dict[str, Any]) -> RequestRow:
    of_request = {name: row.pop(name) for name in ("moderation_id", "reason", "note", "asked_by", "reports")}
    return RequestRow(
        id=of_request["moderation_id"],
        review=ReviewRow(**row),
        reason=of_request["reason"],
        note=of_request["note"],
        by_business=of_request["asked_by"] is not None,
        reports=of_request["reports"],
    )
