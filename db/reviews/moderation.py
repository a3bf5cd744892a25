"""Moderation: requests of the business, readers' reports, and what an operator decides."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text, bindparam, text
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.messages.notices import AccountEmail, NoticeStore
from db.reviews.writing import ReviewWriteStore
from domain.errors import Conflict, NotFound
from domain.messages.kinds import AccountEmailKind, NoticeKind
from domain.reviews.moderation import (
    RequestFacts,
    Verdict,
    becomes_request,
    check_request,
    decide_by,
    status_after,
)
from domain.reviews.next_step import ReviewFacts, ReviewStep, next_step
from domain.reviews.status import PublicationStatus, RemovalReason

_DECIDED = text("""
    SELECT EXISTS (SELECT FROM review_moderations WHERE review_id = :id AND version = :version
                      AND outcome IN ('publish', 'hide', 'reject'))
""")
_ASK = text("""
    INSERT INTO review_moderations (business_id, review_id, version, asked_by, reason, note, asked_at, decide_by)
    VALUES (:business_id, :id, :version, :by, :reason, :note, :now, :decide_by) RETURNING id
""").bindparams(bindparam("by", type_=PgUUID), bindparam("note", type_=Text))
_REPORT = text("""
    INSERT INTO review_reports (business_id, review_id, version, reporter, reason)
    VALUES (:business_id, :id, :version, :reporter, :reason) ON CONFLICT DO NOTHING RETURNING id
""")
_REPORTS = text("SELECT count(*) FROM review_reports WHERE review_id = :id AND version = :version")
_SEEN_COMMAND = text("SELECT review_id FROM review_moderations WHERE command_id = :command_id")
# A decision without a request is a request that is decided at once.
_DECIDE = text("""
    WITH open AS (
        UPDATE review_moderations SET outcome = :outcome, decided_at = :now, decided_by = :by, command_id = :command_id
         WHERE review_id = :id AND outcome IS NULL RETURNING id)
    INSERT INTO review_moderations (business_id, review_id, version, reason, asked_at, decide_by, outcome, decided_at,
                                    decided_by, command_id)
    SELECT :business_id, :id, :version, :reason, :now, :now, :outcome, :now, :by, :command_id
     WHERE NOT EXISTS (SELECT FROM open)
""").bindparams(bindparam("by", type_=PgUUID), bindparam("command_id", type_=Text), bindparam("outcome", type_=Text))
_CLOSE = text("""
    UPDATE review_moderations SET outcome = 'closed', decided_at = :now WHERE review_id = :id AND outcome IS NULL
""")
_ADMINS = text("SELECT id FROM users WHERE platform_role = 'admin' AND deleted_at IS NULL ORDER BY id")


@dataclass(frozen=True, slots=True)
class Decision:
    """An operator's decision. ``seen``: the version of the text that the operator read; ``command_id`` is the same for
    every repeat of a command. ``reason`` is required for taking a review down."""

    verdict: Verdict
    command_id: str
    by: UUID | None = None
    reason: RemovalReason | None = None
    seen: int | None = None


class ReviewModerationStore(ReviewWriteStore):
    """A review that somebody wants to be taken down."""

    async def request(
        self, review_id: UUID, reason: RemovalReason, note: str | None, by: UUID | None, now: datetime
    ) -> None:
        """The business asks for moderation; the run of the review waits for an operator. Raises NotFound and what
        `check_request` raises."""
        review = await self._lock(review_id)
        await self._check_request(review)
        await self._ask(review, reason, note, by, now)

    async def report(self, review_id: UUID, reporter: str, reason: RemovalReason, now: datetime) -> None:
        """Note a reader's report; a repeat of the same reader changes nothing. ``reporter``: login or network. Raises
        NotFound, also for a review that is not public."""
        review = await self._lock(review_id)
        if review.status != PublicationStatus.PUBLISHED.value:
            raise NotFound
        whose = {"id": review_id, "version": review.version}
        digest = hashlib.sha256(reporter.encode()).hexdigest()
        values = {**whose, "business_id": review.business_id, "reporter": digest, "reason": reason.value}
        if await self.session.scalar(_REPORT, values) is None:
            return
        count = int(await self.session.scalar(_REPORTS, whose) or 0)
        if not becomes_request(count) or review.moderation_id is not None:
            return
        if not await self.session.scalar(_DECIDED, whose):
            await self._ask(review, reason, None, None, now)

    async def decide(self, review_id: UUID, decision: Decision, now: datetime) -> PublicationStatus:
        """Apply an operator's decision, once; returns the status of the review. Both sides are notified. Raises
        NotFound (a deleted review, too), Conflict if the text has changed since, WrongState, and InvalidInput without a
        reason."""
        review = await self._lock(review_id)
        if await self.session.scalar(_SEEN_COMMAND, {"command_id": decision.command_id}) == review_id:
            return PublicationStatus(review.status)
        if decision.seen is not None and decision.seen != review.version:
            raise Conflict({"rule": "changed_since_seen"})
        before = PublicationStatus(review.status)
        after = status_after(before, decision.verdict, decision.reason)
        reason = decision.reason or RemovalReason.OTHER
        values = {
            "id": review_id,
            "business_id": review.business_id,
            "version": review.version,
            "outcome": decision.verdict.value,
            "reason": reason.value,
            "by": decision.by,
            "command_id": decision.command_id,
            "now": now,
        }
        await self.session.execute(_DECIDE, values)
        if after is not before:
            taken_down = None if after is PublicationStatus.PUBLISHED else reason.value
            await self._move(review, after, taken_down, now)
        await self._notify_both(review, before, after, decision.reason, decision.command_id)
        return after

    async def advance(self, review_id: UUID, now: datetime) -> ReviewStep:
        """Do what is due for the review: publish it, remind the operators, or close a request; returns what is next.
        A repeat does nothing twice."""
        review = await self._find_locked(review_id)
        if review is None:
            return ReviewStep(None)
        step = next_step(_facts(review), now)
        if step.closes:
            await self.session.execute(_CLOSE, {"id": review_id, "now": now})
            await self._notify_closed(review)
            review = await self._lock(review_id)
            step = next_step(_facts(review), now)
        if step.publishes:
            await self._move(review, PublicationStatus.PUBLISHED, None, now)
        for number in range(1, step.reminders + 1):
            await self._remind(review, number)
        return step

    # -- steps -------------------------------------------------------------------------------------------------------

    async def _check_request(self, review: Any) -> None:
        decided = await self.session.scalar(_DECIDED, {"id": review.id, "version": review.version})
        check_request(RequestFacts(PublicationStatus(review.status), review.moderation_id is not None, bool(decided)))

    async def _ask(self, review: Any, reason: RemovalReason, note: str | None, by: UUID | None, now: datetime) -> None:
        values = {
            "id": review.id,
            "business_id": review.business_id,
            "version": review.version,
            "by": by,
            "reason": reason.value,
            "note": note,
            "now": now,
            "decide_by": decide_by(now),
        }
        await self.session.execute(_ASK, values)
        await self._wake(review.business_id, review.id, "review.moderation_requested")

    async def _remind(self, review: Any, number: int) -> None:
        """An e-mail to every operator; one that was queued before is not queued again."""
        notices = NoticeStore(self.session, self.context)
        facts = {"review_id": review.id, "decide_by": review.decide_by.isoformat()}
        for admin in await self.session.scalars(_ADMINS):
            key = f"moderation_due/{review.moderation_id}/{number}/{admin}"
            await notices.queue_account_email(
                AccountEmail(AccountEmailKind.MODERATION_DUE, admin, key, facts, review.business_id)
            )

    async def _notify_both(
        self,
        review: Any,
        before: PublicationStatus,
        after: PublicationStatus,
        reason: RemovalReason | None,
        key: str,
    ) -> None:
        """The business hears of every decision, the author of one that changed something."""
        outcome = "kept" if after is before else after.value
        facts = {"outcome": outcome, "cause": reason.value if reason and outcome in {"hidden", "rejected"} else ""}
        await self._notify(NoticeKind.REVIEW_DECIDED, review, review.id, key, facts, to_business=True)
        if after is not before:
            await self._notify(NoticeKind.REVIEW_DECIDED, review, review.id, key, facts)

    async def _notify_closed(self, review: Any) -> None:
        key = f"closed/{review.moderation_id}"
        facts = {"outcome": "closed", "cause": ""}
        await self._notify(NoticeKind.REVIEW_DECIDED, review, review.id, key, facts, to_business=True)


def _facts(review: Any) -> ReviewFacts:
    return ReviewFacts(PublicationStatus(review.status), review.publish_at, review.asked_at, review.decide_by)
