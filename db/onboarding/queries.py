"""Reading reviews, decisions and documents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text, bindparam, text
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.engine.store import Store
from domain.errors import NotFound, WrongState
from domain.media.quotas import Holdings, Quota
from domain.onboarding.quotas import check_documents
from domain.onboarding.verification import DocumentKind, DocumentStatus, ReviewStatus

_DOCUMENT = "id, business_id, kind, status, content_type, size, object_key, note, created_at"
_REVIEW = "id, business_id, status, note, created_at, decided_at"
_LATEST = text(
    f"SELECT {_REVIEW} FROM business_verifications WHERE business_id = :business_id ORDER BY id DESC LIMIT 1"
)
_DECISIONS = text("""
    SELECT id, decision, reason, decided_by, created_at FROM business_decisions
     WHERE business_id = :business_id ORDER BY id
""")
_DOCUMENTS = text(f"""
    SELECT {_DOCUMENT} FROM business_documents
     WHERE business_id = :business_id AND deleted_at IS NULL AND status <> 'uploading' ORDER BY id
""")
_LOCK_DOCUMENT = text(f"""
    SELECT {_DOCUMENT} FROM business_documents
     WHERE id = :id AND business_id = :business_id AND deleted_at IS NULL FOR UPDATE
""")
_ADD_DOCUMENT = text(f"""
    INSERT INTO business_documents (business_id, kind, content_type, object_key)
    VALUES (:business_id, :kind, :content_type, :object_key) RETURNING {_DOCUMENT}
""")
_LOCK_BUSINESS = text("SELECT 1 FROM businesses WHERE id = :business_id FOR NO KEY UPDATE")
# A document whose file did not come within a day never will: its ticket is good for minutes.
_HELD = text("""
    SELECT count(d.id) FILTER (WHERE d.status <> 'uploading' OR d.created_at > now() - interval '1 day') AS files,
           CAST(coalesce(sum(d.size), 0) AS bigint) AS size, u.email_verified_at IS NOT NULL AS owner_is_proven
      FROM businesses b JOIN users u ON u.id = b.owner_id
      LEFT JOIN business_documents d ON d.business_id = b.id AND d.deleted_at IS NULL
     WHERE b.id = :business_id GROUP BY u.id
""")
_NEEDED = text("""
    SELECT object_key FROM business_documents WHERE object_key = ANY(:keys) AND deleted_at IS NULL
       AND (status <> 'uploading' OR created_at > now() - interval '1 day')
""")
_RECEIVE = text(f"""
    UPDATE business_documents SET status = 'received', size = :size, object_key = :object_key
     WHERE id = :id RETURNING {_DOCUMENT}
""")
_REMOVE = text("UPDATE business_documents SET deleted_at = :now WHERE id = :id")
_JUDGE = text(f"""
    UPDATE business_documents SET status = :status, note = :note WHERE id = :id RETURNING {_DOCUMENT}
""").bindparams(bindparam("note", type_=Text))
_NOTE = text(f"UPDATE business_verifications SET note = :note WHERE id = :id RETURNING {_REVIEW}").bindparams(
    bindparam("note", type_=Text)
)
_GET = text(f"SELECT {_REVIEW} FROM business_verifications WHERE id = :id")
# The operators' list: each business with its newest review.
_FOR_ADMINS = text("""
    SELECT b.id, b.slug, b.status, b.vertical, b.name, b.prefecture, b.created_at,
           v.id AS verification_id, v.status AS review_status, v.created_at AS submitted_at
      FROM businesses b
      LEFT JOIN LATERAL (SELECT id, status, created_at FROM business_verifications
                          WHERE business_id = b.id ORDER BY id DESC LIMIT 1) v ON true
     WHERE b.deleted_at IS NULL AND (:status IS NULL OR b.status = :status) AND (:after IS NULL OR b.id < :after)
       AND (:review_status IS NULL OR v.status = :review_status)
     ORDER BY b.id DESC LIMIT :limit
""").bindparams(
    bindparam("status", type_=Text), bindparam("review_status", type_=Text), bindparam("after", type_=PgUUID)
)


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """A review as it is stored."""

    id: UUID
    business_id: UUID
    status: ReviewStatus
    note: str | None
    created_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One decision about a business."""

    id: UUID
    decision: str
    reason: str | None
    decided_by: UUID | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document. ``size`` in bytes; None while no file is known."""

    id: UUID
    business_id: UUID
    kind: str
    status: str
    content_type: str
    size: int | None
    object_key: str
    note: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class BusinessUnderReview:
    """A row of the operators' list; the review's columns are None for a business without a review."""

    id: UUID
    slug: str
    status: str
    vertical: str
    name: dict[str, str]
    prefecture: str | None
    created_at: datetime
    verification_id: UUID | None
    review_status: str | None
    submitted_at: datetime | None


class VerificationListStore(Store):
    """Reviews with their decisions and documents."""

    async def find_latest(self, business_id: UUID) -> ReviewRow | None:
        """The newest review of a business; None if it has none."""
        row = (await self.session.execute(_LATEST, {"business_id": business_id})).one_or_none()
        return _review(dict(row._mapping)) if row else None

    async def get(self, verification_id: UUID) -> ReviewRow:
        """One review. Raises NotFound."""
        row = (await self.session.execute(_GET, {"id": verification_id})).one_or_none()
        if row is None:
            raise NotFound
        return _review(dict(row._mapping))

    async def set_note(self, verification_id: UUID, note: str | None) -> ReviewRow:
        """Set the operators' internal note. Raises NotFound."""
        row = (await self.session.execute(_NOTE, {"id": verification_id, "note": note})).one_or_none()
        if row is None:
            raise NotFound
        return _review(dict(row._mapping))

    async def list_decisions(self, business_id: UUID) -> Sequence[DecisionRow]:
        """All decisions, oldest first."""
        rows = await self.session.execute(_DECISIONS, {"business_id": business_id})
        return [DecisionRow(**row._mapping) for row in rows]

    async def list_documents(self, business_id: UUID) -> Sequence[DocumentRow]:
        """The uploaded documents, oldest first."""
        rows = await self.session.execute(_DOCUMENTS, {"business_id": business_id})
        return [DocumentRow(**row._mapping) for row in rows]

    async def list_businesses(
        self, *, status: str | None, review_status: str | None, after: UUID | None, limit: int
    ) -> Sequence[BusinessUnderReview]:
        """Newest first, for operators. Needs the platform's scope."""
        values = {"status": status, "review_status": review_status, "after": after, "limit": limit}
        return [BusinessUnderReview(**row._mapping) for row in await self.session.execute(_FOR_ADMINS, values)]

    async def add_document(
        self, business_id: UUID, kind: DocumentKind, content_type: str, object_key: str, quota: Quota
    ) -> DocumentRow:
        """Expect a document; its file is not there yet. Raises as `check_documents` does; withdrawn ones do not
        count."""
        await self._check_room(business_id, quota, size=1, new=1)
        values = {
            "business_id": business_id,
            "kind": kind.value,
            "content_type": content_type,
            "object_key": object_key,
        }
        return DocumentRow(**(await self.session.execute(_ADD_DOCUMENT, values)).one()._mapping)

    async def lock_document(self, business_id: UUID, document_id: UUID) -> DocumentRow:
        """One document, locked. Raises NotFound."""
        values = {"id": document_id, "business_id": business_id}
        row = (await self.session.execute(_LOCK_DOCUMENT, values)).one_or_none()
        if row is None:
            raise NotFound
        return DocumentRow(**row._mapping)

    async def receive_document(self, document: DocumentRow, size: int, object_key: str, quota: Quota) -> DocumentRow:
        """The file has come and lies at ``object_key``; saying it twice is the same as once. Raises as
        `check_documents` does."""
        if document.status != DocumentStatus.UPLOADING:
            return document
        await self._check_room(document.business_id, quota, size, new=0)
        row = (await self.session.execute(_RECEIVE, {"id": document.id, "size": size, "object_key": object_key})).one()
        return DocumentRow(**row._mapping)

    async def remove_document(self, document: DocumentRow, now: datetime) -> None:
        """Remove a document. Raises WrongState for one that operators have accepted."""
        if document.status == DocumentStatus.ACCEPTED:
            raise WrongState({"status": document.status, "wanted": "removed"})
        await self.session.execute(_REMOVE, {"id": document.id, "now": now})

    async def needed_keys(self, keys: Sequence[str]) -> set[str]:
        """Those of the keys in the storage that a document needs which is not withdrawn."""
        return set(await self.session.scalars(_NEEDED, {"keys": list(keys)}))

    async def _check_room(self, business_id: UUID, quota: Quota, size: int, new: int) -> None:
        # Others that add wait until this transaction ends.
        await self.session.execute(_LOCK_BUSINESS, {"business_id": business_id})
        held = (await self.session.execute(_HELD, {"business_id": business_id})).one()
        check_documents(Holdings(**held._mapping), quota, size, new)

    async def judge_document(self, document: DocumentRow, status: DocumentStatus, note: str | None) -> DocumentRow:
        """An operator's decision about a document. Raises WrongState if it has no file yet."""
        if document.status == DocumentStatus.UPLOADING or status is DocumentStatus.UPLOADING:
            raise WrongState({"status": document.status, "wanted": status.value})
        row = (await self.session.execute(_JUDGE, {"id": document.id, "status": status.value, "note": note})).one()
        return DocumentRow(**row._mapping)


def _review(row: dict[str, Any]) -> ReviewRow:
    return ReviewRow(**{**row, "status": ReviewStatus(row["status"])})
