"""Writing a review, changing it, deleting it, publishing it, and the reply of the business."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Text, bindparam, text
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.engine.store import Store
from db.messages.notices import NoticeStore, QueuedNotice
from db.platform.outbox import REVIEW_CHANGED, OutboxStore
from domain.booking_status import BookingStatus
from domain.errors import AlreadyExists, NotFound
from domain.messages.kinds import NoticeKind
from domain.reviews.moderation import Outcome
from domain.reviews.status import PublicationStatus
from domain.reviews.writing import (
    VisitFacts,
    check_display_name,
    check_edit,
    check_post,
    check_reply,
    publish_at,
)

# The lock keeps the booking completed until the review is written: an undo waits.
_VISIT = text("""
    SELECT b.id, b.business_id, b.user_id, b.status, b.start_at, b.end_at, b.undo_until, b.time_zone, b.family_name,
           EXISTS (SELECT FROM reviews r WHERE r.booking_id = b.id) AS is_reviewed,
           ARRAY(SELECT DISTINCT i.service_id FROM booking_items i WHERE i.booking_id = b.id ORDER BY 1) AS services,
           ARRAY(SELECT DISTINCT c.resource_id FROM resource_claims c JOIN resources r ON r.id = c.resource_id
                  WHERE c.booking_id = b.id AND r.kind = 'staff'
                    AND (c.released_at IS NULL OR c.released_at >= b.start_at) ORDER BY 1) AS staff
      FROM bookings b WHERE b.id = :booking_id FOR SHARE OF b
""")
_INSERT = text("""
    INSERT INTO reviews (business_id, booking_id, user_id, rating, body, display_name, service_ids, staff_ids,
                         visited_on, editable_until, publish_at)
    VALUES (:business_id, :booking_id, :user_id, :rating, :body, :display_name, :services, :staff, :visited_on,
            :editable_until, :publish_at)
    ON CONFLICT (booking_id) DO NOTHING RETURNING id
""").bindparams(
    bindparam("user_id", type_=PgUUID), bindparam("body", type_=Text), bindparam("display_name", type_=Text)
)
_LOCK = text("SELECT r.id FROM reviews r WHERE r.id = :id AND r.deleted_at IS NULL FOR NO KEY UPDATE OF r")
# A statement after the lock: one that waits for a lock reads the other tables as they were before it waited, and would
# not see a request that was made meanwhile.
_READ = text("""
    SELECT r.id, r.business_id, r.booking_id, r.status, r.version, r.editable_until, r.publish_at, r.reply,
           b.time_zone, b.family_name, b.status AS booking_status, m.id AS moderation_id, m.asked_by,
           m.asked_at, m.decide_by
      FROM reviews r JOIN bookings b ON b.id = r.booking_id
      LEFT JOIN review_moderations m ON m.review_id = r.id AND m.outcome IS NULL
     WHERE r.id = :id AND r.deleted_at IS NULL
""")
_EDIT = text("""
    UPDATE reviews SET rating = :rating, body = :body, display_name = :display_name, version = version + 1
     WHERE id = :id
""").bindparams(bindparam("body", type_=Text), bindparam("display_name", type_=Text))
_DELETE = text("""
    UPDATE reviews SET body = NULL, display_name = NULL, reply = NULL, replied_at = NULL, replied_by = NULL,
           deleted_at = :now WHERE id = :id
""")
_END_MODERATION = text("""
    UPDATE review_moderations SET outcome = :outcome, decided_at = :now WHERE review_id = :id AND outcome IS NULL
""")
_REPLY = text("""
    UPDATE reviews SET reply_is_edited = reply IS NOT NULL AND reply <> :reply, reply = :reply,
           replied_at = coalesce(replied_at, :now), replied_by = :by WHERE id = :id
""").bindparams(bindparam("by", type_=PgUUID))
_MOVE = text("""
    WITH step AS (
        INSERT INTO review_history (business_id, review_id, from_status, to_status, actor_kind, actor_id, reason)
        VALUES (:business_id, :id, :before, :after, :actor_kind, :actor_id, :reason))
    UPDATE reviews SET status = :after, removal_reason = :reason,
           published_on = CASE WHEN :after = 'published' THEN coalesce(published_on, CAST(:today AS date))
                               ELSE published_on END
     WHERE id = :id
""").bindparams(bindparam("actor_id", type_=PgUUID), bindparam("reason", type_=Text), bindparam("after", type_=Text))
_FIRST = text("""
    INSERT INTO review_history (business_id, review_id, from_status, to_status, actor_kind, actor_id)
    VALUES (:business_id, :id, NULL, 'pending', :actor_kind, :actor_id)
""").bindparams(bindparam("actor_id", type_=PgUUID))


@dataclass(frozen=True, slots=True)
class ReviewDraft:
    """What the author writes. ``body``: kept as it was written, None for stars alone. ``display_name``: the public
    name, None for none."""

    rating: int
    body: str | None = None
    display_name: str | None = None


class ReviewWriteStore(Store):
    """Writing, changing, deleting and publishing reviews. Everything happens under the lock of the review's row."""

    async def post(self, booking_id: UUID, draft: ReviewDraft, now: datetime, *, by_team: bool = False) -> UUID:
        """Write the review of a visit; it is pending, and a workflow publishes it later. ``by_team``: the writer owns
        the business or works there. Raises NotFound and what `check_post` and `check_display_name` raise."""
        visit = (await self.session.execute(_VISIT, {"booking_id": booking_id})).one_or_none()
        if visit is None:
            raise NotFound
        facts = VisitFacts(BookingStatus(visit.status), visit.end_at, visit.undo_until, by_team, visit.is_reviewed)
        editable_until = check_post(facts, now)
        check_display_name(draft.display_name, visit.family_name)
        values = {
            "business_id": visit.business_id,
            "booking_id": booking_id,
            "user_id": visit.user_id,
            "rating": draft.rating,
            "body": draft.body,
            "display_name": draft.display_name,
            "services": visit.services,
            "staff": visit.staff,
            "visited_on": visit.start_at.astimezone(ZoneInfo(visit.time_zone)).date(),
            "editable_until": editable_until,
            "publish_at": publish_at(now, secrets.randbelow(2**30) / 2**30),
        }
        made: UUID | None = await self.session.scalar(_INSERT, values)
        if made is None:  # two requests at once
            raise AlreadyExists({"field": "booking_id"})
        await self.session.execute(_FIRST, {"business_id": visit.business_id, "id": made, **self._actor()})
        await self._wake(visit.business_id, made, "review.posted")
        await self._notify(NoticeKind.REVIEW_POSTED, visit, made, "posted", {}, to_business=True)
        return made

    async def edit(self, review_id: UUID, draft: ReviewDraft, now: datetime) -> None:
        """Change the text and the stars. Raises NotFound and what `check_edit` and `check_display_name` raise."""
        review = await self._lock(review_id)
        moderated = review.moderation_id is not None
        check_edit(PublicationStatus(review.status), review.editable_until, now, is_moderated=moderated)
        check_display_name(draft.display_name, review.family_name)
        values = {"rating": draft.rating, "body": draft.body, "display_name": draft.display_name}
        await self.session.execute(_EDIT, {"id": review_id, **values})

    async def delete(self, review_id: UUID, now: datetime) -> None:
        """Remove the texts and the stars; an open request for moderation ends with it. Raises NotFound."""
        review = await self._lock(review_id)
        await self.session.execute(_DELETE, {"id": review_id, "now": now})
        ended = {"id": review_id, "outcome": Outcome.DELETED.value, "now": now}
        await self.session.execute(_END_MODERATION, ended)
        await self._wake(review.business_id, review_id, "review.deleted")

    async def reply(self, review_id: UUID, reply: str, by: UUID | None, now: datetime) -> None:
        """Write or change the reply of the business; its author is notified of the first one. Raises NotFound,
        WrongState."""
        review = await self._lock(review_id)
        check_reply(PublicationStatus(review.status))
        await self.session.execute(_REPLY, {"id": review_id, "reply": reply, "by": by, "now": now})
        if review.reply is None:
            await self._notify(NoticeKind.REVIEW_REPLIED, review, review_id, "replied", {})

    # -- steps -------------------------------------------------------------------------------------------------------

    async def _lock(self, review_id: UUID) -> Any:
        review = await self._find_locked(review_id)
        if review is None:
            raise NotFound
        return review

    async def _find_locked(self, review_id: UUID) -> Any | None:
        if (await self.session.execute(_LOCK, {"id": review_id})).one_or_none() is None:
            return None
        return (await self.session.execute(_READ, {"id": review_id})).one_or_none()

    async def _move(self, review: Any, after: PublicationStatus, reason: str | None, now: datetime) -> None:
        """Give the review another status and write its history; the trigger counts the stars."""
        values = {
            "id": review.id,
            "business_id": review.business_id,
            "before": review.status,
            "after": after.value,
            "reason": reason,
            "today": now.astimezone(ZoneInfo(review.time_zone)).date(),
            **self._actor(),
        }
        await self.session.execute(_MOVE, values)

    async def _wake(self, business_id: UUID, review_id: UUID, event: str) -> None:
        """Let the workflow of the review look at it again; it is started if none runs."""
        payload = {"review_id": review_id, "business_id": business_id}
        await OutboxStore(self.session, self.context).add(
            event, f"review/{review_id}", business_id, payload, REVIEW_CHANGED
        )

    async def _notify(
        self,
        kind: NoticeKind,
        about: Any,
        review_id: UUID,
        key: str,
        facts: dict[str, str],
        *,
        to_business: bool = False,
    ) -> None:
        """Queue a notice about the visit of the review; ``key`` distinguishes it from others about this review."""
        booking_id = about.booking_id if "booking_id" in about._fields else about.id
        notice = QueuedNotice(
            kind,
            booking_id,
            about.business_id,
            f"review/{review_id}/{key}/{'business' if to_business else 'customer'}",
            {"review_id": str(review_id), **facts},
            "business" if to_business else "customer",
        )
        await NoticeStore(self.session, self.context).queue_many([notice])

    def _actor(self) -> dict[str, Any]:
        return {"actor_kind": self.context.actor.kind.value, "actor_id": self.context.actor.user_id}
