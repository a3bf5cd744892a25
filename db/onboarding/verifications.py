"""Approving and suspending a business: the review, its documents, and every decision with its reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text, bindparam, text
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.engine.store import Store
from db.messages.notices import AccountEmail, NoticeStore
from db.platform.command_texts import CommandTextStore
from db.platform.outbox import START_VERIFICATION
from domain.booking_status import LIVE
from domain.business_status import BusinessStatus
from domain.businesses.profile import Vertical
from domain.errors import Conflict, InvalidInput, NotFound
from domain.messages.kinds import AccountEmailKind
from domain.onboarding.verification import (
    NEEDS_REASON,
    Decision,
    DocumentKind,
    ReviewFacts,
    ReviewStatus,
    business_after,
    check_complete,
    review_after,
)
from domain.payments.status import ONLINE

#: The e-mail to the owner for each decision.
EMAIL_FOR: Mapping[Decision, AccountEmailKind] = {
    Decision.SUBMITTED: AccountEmailKind.BUSINESS_SUBMITTED,
    Decision.RESUBMITTED: AccountEmailKind.BUSINESS_SUBMITTED,
    Decision.INFO_REQUESTED: AccountEmailKind.BUSINESS_INFO_REQUESTED,
    Decision.APPROVED: AccountEmailKind.BUSINESS_APPROVED,
    Decision.REJECTED: AccountEmailKind.BUSINESS_REJECTED,
    Decision.CLOSED: AccountEmailKind.BUSINESS_REVIEW_CLOSED,
    Decision.SUSPENDED: AccountEmailKind.BUSINESS_SUSPENDED,
    Decision.REINSTATED: AccountEmailKind.BUSINESS_REINSTATED,
}
#: How many bookings a suspension lists for the operator.
LISTED = 100

_REVIEW_FACTS = text("""
    SELECT b.vertical, b.name <> '{}' AS has_name, coalesce(b.address <> '{}', false) AS has_address,
           b.postal_code IS NOT NULL AS has_postal_code, b.prefecture IS NOT NULL AS has_prefecture,
           b.city IS NOT NULL AS has_city, b.phone IS NOT NULL AS has_phone,
           EXISTS (SELECT 1 FROM business_hours h WHERE h.business_id = b.id) AS has_hours,
           EXISTS (SELECT 1 FROM services s WHERE s.business_id = b.id AND s.is_active AND s.deleted_at IS NULL)
               AS has_active_service,
           EXISTS (SELECT 1 FROM services s WHERE s.business_id = b.id AND s.is_active AND s.deleted_at IS NULL
                      AND s.payment_mode = ANY(:online)) AS takes_online_payments,
           b.legal_notice IS NOT NULL AS has_legal_notice,
           u.email_verified_at IS NOT NULL AS owner_email_verified,
           ARRAY(SELECT DISTINCT d.kind FROM business_documents d WHERE d.business_id = b.id AND d.deleted_at IS NULL
                    AND d.status IN ('received', 'accepted')) AS documents
      FROM businesses b JOIN users u ON u.id = b.owner_id WHERE b.id = :business_id
""")
# What an operator reviews: the identity of the business, and its documents. A decision about a document does not
# change it.
_VERSION = text("""
    SELECT left(encode(sha256(convert_to(jsonb_build_array(
               b.name, b.vertical, b.address, b.postal_code, b.prefecture, b.city, b.phone, b.invoice_number,
               b.legal_notice,
               (SELECT jsonb_agg(jsonb_build_array(d.id, d.object_key) ORDER BY d.id) FROM business_documents d
                 WHERE d.business_id = b.id AND d.deleted_at IS NULL AND d.status <> 'uploading')
           )::text, 'UTF8')), 'hex'), 32) FROM businesses b WHERE b.id = :business_id
""")
_LOCK_BUSINESS = text("""
    SELECT id, owner_id, status FROM businesses WHERE id = :business_id AND deleted_at IS NULL FOR NO KEY UPDATE
""")
_SET_BUSINESS = text("UPDATE businesses SET status = :status WHERE id = :business_id")
_OPEN = text("INSERT INTO business_verifications (business_id) VALUES (:business_id) RETURNING id")
_LOCK_REVIEW = text("SELECT id, business_id, status FROM business_verifications WHERE id = :id FOR UPDATE")
_STATUS = text("SELECT status FROM business_verifications WHERE id = :id")
_OPEN_OF = text("""
    SELECT id, status FROM business_verifications
     WHERE business_id = :business_id AND status IN ('waiting', 'info_requested')
""")
_SET_REVIEW = text("""
    UPDATE business_verifications SET status = :status, decided_at = CASE WHEN :over THEN CAST(:now AS timestamptz) END
     WHERE id = :id
""")
_DECIDED_BEFORE = text("SELECT decision FROM business_decisions WHERE command_id = :command_id")
_DECIDE = text("""
    INSERT INTO business_decisions (business_id, verification_id, decision, reason, decided_by, command_id)
    VALUES (:business_id, :verification_id, :decision, :reason, :decided_by, :command_id) RETURNING id
""").bindparams(
    bindparam("verification_id", type_=PgUUID),
    bindparam("decided_by", type_=PgUUID),
    bindparam("reason", type_=Text),
)
_START = text("""
    INSERT INTO outbox (business_id, event, aggregate, payload, command, request_id)
    VALUES (:business_id, 'business.submitted', 'verification/' || CAST(:business_id AS text),
            jsonb_build_object('verification_id', CAST(:id AS text), 'business_id', CAST(:business_id AS text)),
            :command, :request_id)
""").bindparams(
    bindparam("business_id", type_=PgUUID), bindparam("id", type_=PgUUID), bindparam("request_id", type_=Text)
)
_ADMINS = text("SELECT id FROM users WHERE platform_role = 'admin' AND deleted_at IS NULL ORDER BY id")
_TO_COME = text("""
    SELECT id AS booking_id, code, status, start_at, end_at FROM bookings
     WHERE business_id = :business_id AND status = ANY(:live) AND end_at > :now
       AND (status <> 'pending' OR hold_expires_at > :now)
     ORDER BY start_at, id LIMIT :limit
""")


@dataclass(frozen=True, slots=True)
class BookingToCome:
    """A booking that remains after a suspension. Times aware UTC."""

    booking_id: UUID
    code: str
    status: str
    start_at: datetime
    end_at: datetime


@dataclass(frozen=True, slots=True)
class Deciding:
    """One decision. ``command_id`` is the same for every repeat of a command; ``by`` None: the platform itself.
    ``seen``: the version that the operator saw."""

    decision: Decision
    command_id: str
    by: UUID | None = None
    reason: str | None = None
    seen: str | None = None


class VerificationStore(Store):
    """The commands of a review. The lists are in `verification_lists`."""

    async def review_facts(self, business_id: UUID) -> ReviewFacts:
        """The present facts of the business. Raises NotFound."""
        values = {"business_id": business_id, "online": [mode.value for mode in ONLINE]}
        row = (await self.session.execute(_REVIEW_FACTS, values)).mappings().one_or_none()
        if row is None:
            raise NotFound
        facts: dict[str, Any] = dict(row)
        documents = frozenset(DocumentKind(kind) for kind in facts.pop("documents"))
        return ReviewFacts(vertical=Vertical(facts.pop("vertical")), documents=documents, **facts)

    async def submit(self, business_id: UUID, by: UUID | None, command_id: str) -> UUID:
        """Open a review and start its workflow; returns the review's id. Raises VerificationIncomplete with everything
        that is missing, and WrongState for a business that is not a draft or rejected."""
        business = await self._lock_business(business_id)
        business_after(BusinessStatus(business.status), Decision.SUBMITTED)
        check_complete(await self.review_facts(business_id))
        return await self._open(business, Deciding(Decision.SUBMITTED, command_id, by))

    async def review_again(self, business_id: UUID, by: UUID | None, command_id: str) -> None:
        """An approved business changed its identity: open a review, unless one is open."""
        business = await self._lock_business(business_id)
        if await self.open_review(business_id) is None:
            await self._open(business, Deciding(Decision.IDENTITY_CHANGED, command_id, by))

    async def version(self, business_id: UUID) -> str:
        """A digest of what an operator reviews; it changes with the business's identity and documents."""
        found: str = (await self.session.execute(_VERSION, {"business_id": business_id})).scalar_one()
        return found

    async def _open(self, business: Any, deciding: Deciding) -> UUID:
        business_id: UUID = business.id
        review: UUID = (await self.session.execute(_OPEN, {"business_id": business_id})).scalar_one()
        await self._write(business, review, deciding)
        asked = {
            "business_id": business_id,
            "id": review,
            "command": START_VERIFICATION,
            "request_id": self.context.request_id,
        }
        await self.session.execute(_START, asked)
        return review

    async def decide(self, verification_id: UUID, deciding: Deciding, now: datetime) -> ReviewStatus:
        """Apply one decision to the review, once; returns its status. A decision that was written before returns the
        same. Raises WrongState, InvalidInput without a required reason, VerificationIncomplete if a resubmission or
        approval finds something missing, Conflict if the operator saw another version, and NotFound."""
        review = (await self.session.execute(_LOCK_REVIEW, {"id": verification_id})).one_or_none()
        if review is None:
            raise NotFound
        if await self._was_decided(deciding.command_id):
            return ReviewStatus(review.status)
        deciding = await self._with_text(review.business_id, deciding)
        if deciding.decision in NEEDS_REASON and not deciding.reason:
            raise InvalidInput.at("reason", "missing")
        after = review_after(ReviewStatus(review.status), deciding.decision)
        business = await self._lock_business(review.business_id)
        if deciding.decision in (Decision.RESUBMITTED, Decision.APPROVED):
            check_complete(await self.review_facts(review.business_id))
        business_after(BusinessStatus(business.status), deciding.decision)
        if deciding.seen is not None and deciding.seen != await self.version(review.business_id):
            raise Conflict({"rule": "changed_since_seen"})
        over = after not in (ReviewStatus.WAITING, ReviewStatus.INFO_REQUESTED)
        values = {"id": verification_id, "status": after.value, "over": over, "now": now}
        await self.session.execute(_SET_REVIEW, values)
        await self._write(business, verification_id, deciding)
        return after

    async def suspend(self, business_id: UUID, deciding: Deciding, now: datetime) -> Sequence[BookingToCome]:
        """Accept no new bookings from now on. Returns the next existing bookings, at most :data:`LISTED`, for the
        operator to decide about. Raises WrongState, InvalidInput without a reason, NotFound."""
        if not deciding.reason:
            raise InvalidInput.at("reason", "missing")
        await self._change_business(business_id, deciding)
        return await self.to_come(business_id, now)

    async def reinstate(self, business_id: UUID, deciding: Deciding) -> None:
        """Lift the suspension of a business. Raises WrongState, NotFound."""
        await self._change_business(business_id, deciding)

    async def to_come(self, business_id: UUID, now: datetime) -> Sequence[BookingToCome]:
        """The next existing bookings of a business."""
        values = {
            "business_id": business_id,
            "live": [status.value for status in LIVE],
            "now": now,
            "limit": LISTED,
        }
        return [BookingToCome(**row._mapping) for row in await self.session.execute(_TO_COME, values)]

    async def open_review(self, business_id: UUID) -> tuple[UUID, ReviewStatus] | None:
        """The open review, if there is one."""
        row = (await self.session.execute(_OPEN_OF, {"business_id": business_id})).one_or_none()
        return (row.id, ReviewStatus(row.status)) if row else None

    async def get_status(self, verification_id: UUID) -> ReviewStatus:
        """The status of a review. Raises NotFound."""
        row = (await self.session.execute(_STATUS, {"id": verification_id})).one_or_none()
        if row is None:
            raise NotFound
        return ReviewStatus(row.status)

    async def remind_admins(self, verification_id: UUID, business_id: UUID, round_: int, number: int) -> int:
        """Queue an e-mail to every operator that a business waits; returns how many. A repeat queues none."""
        notices = NoticeStore(self.session, self.context)
        queued = 0
        for admin in await self.session.scalars(_ADMINS):
            key = f"review_due/{verification_id}/{round_}/{number}/{admin}"
            made = await notices.queue_account_email(
                AccountEmail(AccountEmailKind.REVIEW_DUE, admin, key, {"review_id": verification_id}, business_id)
            )
            queued += made is not None
        return queued

    # -- steps -------------------------------------------------------------------------------------------------------

    async def _with_text(self, business_id: UUID, deciding: Deciding) -> Deciding:
        """With the text that the request stored for the command, unless the decision has its own."""
        if deciding.reason is not None:
            return deciding
        typed = await CommandTextStore(self.session, self.context).take(business_id, deciding.command_id)
        return replace(deciding, reason=typed)

    async def _change_business(self, business_id: UUID, deciding: Deciding) -> None:
        business = await self._lock_business(business_id)
        if await self._was_decided(deciding.command_id):
            return
        business_after(BusinessStatus(business.status), deciding.decision)
        await self._write(business, None, deciding)

    async def _was_decided(self, command_id: str) -> bool:
        found = await self.session.execute(_DECIDED_BEFORE, {"command_id": command_id})
        return found.one_or_none() is not None

    async def _lock_business(self, business_id: UUID) -> Any:
        row = (await self.session.execute(_LOCK_BUSINESS, {"business_id": business_id})).one_or_none()
        if row is None:
            raise NotFound
        return row

    async def _write(self, business: Any, verification_id: UUID | None, deciding: Deciding) -> None:
        """Write the decision and the business's new status, and queue the e-mail to its owner."""
        decided = await self.session.execute(
            _DECIDE,
            {
                "business_id": business.id,
                "verification_id": verification_id,
                "decision": deciding.decision.value,
                "reason": deciding.reason,
                "decided_by": deciding.by,
                "command_id": deciding.command_id,
            },
        )
        decision_id = decided.scalar_one()
        after = business_after(BusinessStatus(business.status), deciding.decision)
        if after is not None:
            await self.session.execute(_SET_BUSINESS, {"business_id": business.id, "status": after.value})
        kind = EMAIL_FOR.get(deciding.decision)
        if BusinessStatus(business.status) in (BusinessStatus.APPROVED, BusinessStatus.SUSPENDED):
            # A repeated review of an approved business: the owner is notified only if something changes.
            kind = EMAIL_FOR[Decision.SUSPENDED] if after is BusinessStatus.SUSPENDED else kind if after else None
        if kind is None:
            return
        message = AccountEmail(
            kind,
            business.owner_id,
            f"decision/{decision_id}",
            {"decision_id": decision_id},
            business.id,
        )
        await NoticeStore(self.session, self.context).queue_account_email(message)
