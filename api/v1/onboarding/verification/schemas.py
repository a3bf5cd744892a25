"""What the endpoints of reviews ask and answer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from api.http.fields import BilingualRead, Changes, Input, Output, Prose, examples
from api.http.uploads import UploadTicketRead
from db.onboarding.queries import BusinessUnderReview, DecisionRow, DocumentRow, ReviewRow
from db.onboarding.verifications import BookingToCome
from domain.businesses.status import BusinessStatus
from domain.media.files import FileType
from domain.onboarding.verification import Decision, DocumentKind, DocumentStatus, ReviewStatus

_ID = "019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58"
_AT = "2026-11-21T10:30:00+09:00"
_DOCUMENT = {
    "id": _ID,
    "kind": "permit",
    "status": "received",
    "content_type": "application/pdf",
    "size": 182044,
    "note": None,
    "url": None,
    "created_at": _AT,
}
_REVIEW = {"id": _ID, "status": "waiting", "note": None, "submitted_at": _AT, "decided_at": None}
_DECISION = {"decision": "submitted", "reason": None, "decided_by": _ID, "at": _AT}
_STANDING = {
    "business_id": _ID,
    "status": "pending",
    "missing": [],
    "review": _REVIEW,
    "documents": [_DOCUMENT],
    "decisions": [_DECISION],
}

#: What an operator writes to an owner.
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]


class DocumentCreate(Input):
    """A paper to be uploaded: PDF, JPEG or PNG."""

    model_config = ConfigDict(json_schema_extra=examples({"kind": "permit", "content_type": "application/pdf"}))

    kind: DocumentKind
    content_type: Literal["application/pdf", "image/jpeg", "image/png"]

    @property
    def file_type(self) -> FileType:
        """As the storage is told."""
        return FileType(self.content_type)


class DocumentRead(Output):
    """A paper. ``size`` in bytes. ``url``: where an operator reads it, for some minutes; null for everybody else."""

    model_config = ConfigDict(json_schema_extra=examples(_DOCUMENT))

    id: UUID
    kind: DocumentKind
    status: DocumentStatus
    content_type: str
    size: int | None
    note: str | None
    url: str | None
    created_at: datetime

    @classmethod
    def of(cls, row: DocumentRow, url: str | None = None) -> Self:
        """A stored paper."""
        return cls(
            id=row.id,
            kind=DocumentKind(row.kind),
            status=DocumentStatus(row.status),
            content_type=row.content_type,
            size=row.size,
            note=row.note,
            url=url,
            created_at=row.created_at,
        )


class DocumentTicketRead(Output):
    """Where to send the file. Say `complete` when it is there."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "document": {**_DOCUMENT, "status": "uploading", "size": None},
                "upload": {
                    "url": "https://files.example.jp/omotenashi",
                    "fields": {"key": "documents/5f0c", "Content-Type": "application/pdf", "policy": "eyJ…"},
                    "max_bytes": 10485760,
                    "expires_at": "2026-11-21T01:45:00Z",
                },
            }
        )
    )

    document: DocumentRead
    upload: UploadTicketRead


class ReviewRead(Output):
    """A review. ``note`` is the operators' own and null for everybody else."""

    model_config = ConfigDict(json_schema_extra=examples(_REVIEW))

    id: UUID
    status: ReviewStatus
    note: str | None
    submitted_at: datetime
    decided_at: datetime | None

    @classmethod
    def of(cls, row: ReviewRow, to_operator: bool) -> Self:
        """A stored review."""
        return cls(
            id=row.id,
            status=row.status,
            note=row.note if to_operator else None,
            submitted_at=row.created_at,
            decided_at=row.decided_at,
        )


class DecisionRead(Output):
    """One step, and why. ``decided_by`` is null for what the platform did by itself."""

    model_config = ConfigDict(json_schema_extra=examples(_DECISION))

    decision: Decision
    reason: str | None
    decided_by: UUID | None
    at: datetime

    @classmethod
    def of(cls, row: DecisionRow) -> Self:
        """A stored decision."""
        return cls(decision=Decision(row.decision), reason=row.reason, decided_by=row.decided_by, at=row.created_at)


class VerificationRead(Output):
    """Where a business stands. ``missing``: everything that a submission would still lack, as stable words.
    ``review`` is the newest one, null for a business that never asked."""

    model_config = ConfigDict(json_schema_extra=examples(_STANDING))

    business_id: UUID
    status: BusinessStatus
    missing: list[str]
    review: ReviewRead | None
    documents: list[DocumentRead]
    decisions: list[DecisionRead]


class DecisionCommand(Input):
    """Why; the owner reads it."""

    model_config = ConfigDict(json_schema_extra=examples({"reason": "許可証の有効期限が切れています。"}))

    reason: Reason


class DocumentJudgementWrite(Input):
    """An operator's word about one paper."""

    document_id: UUID
    status: Literal["accepted", "refused"]
    note: Prose | None = None


class VerificationUpdate(Changes):
    """Notes for other operators, and words about papers. What is not sent stays."""

    erasable = frozenset({"note"})
    model_config = ConfigDict(
        json_schema_extra=examples(
            {"note": "電話で確認済み", "documents": [{"document_id": _ID, "status": "accepted"}]}
        )
    )

    note: Prose | None = None
    documents: Annotated[tuple[DocumentJudgementWrite, ...], Field(max_length=50)] = ()


class BusinessUnderReviewRead(Output):
    """A line of the operators' list."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "id": _ID,
                "slug": "salon-hana",
                "status": "pending",
                "vertical": "salon",
                "name": {"ja": "サロン花", "en": "Salon Hana", "text": "サロン花"},
                "prefecture": "東京都",
                "review_status": "waiting",
                "verification_id": _ID,
                "submitted_at": _AT,
                "created_at": _AT,
            }
        )
    )

    id: UUID
    slug: str
    status: BusinessStatus
    vertical: str
    name: BilingualRead
    prefecture: str | None
    verification_id: UUID | None
    review_status: ReviewStatus | None
    submitted_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, row: BusinessUnderReview) -> Self:
        """A stored line."""
        return cls(
            id=row.id,
            slug=row.slug,
            status=BusinessStatus(row.status),
            vertical=row.vertical,
            name=BilingualRead.of(row.name),
            prefecture=row.prefecture,
            verification_id=row.verification_id,
            review_status=ReviewStatus(row.review_status) if row.review_status else None,
            submitted_at=row.submitted_at,
            created_at=row.created_at,
        )


class StandingBookingRead(Output):
    """A booking that stands although its business is suspended."""

    booking_id: UUID
    code: str
    status: str
    start_at: datetime
    end_at: datetime


class SuspendedRead(Output):
    """What stands, for the operator to decide about: the next hundred bookings. Nothing happens to them by itself."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "business_id": _ID,
                "status": "suspended",
                "bookings": [
                    {
                        "booking_id": _ID,
                        "code": "3479ACDE",
                        "status": "confirmed",
                        "start_at": _AT,
                        "end_at": _AT,
                    }
                ],
            }
        )
    )

    business_id: UUID
    status: BusinessStatus
    bookings: list[StandingBookingRead]

    @classmethod
    def of(cls, business_id: UUID, bookings: Sequence[BookingToCome]) -> Self:
        """After a suspension."""
        shown: list[dict[str, Any]] = [
            {
                "booking_id": each.booking_id,
                "code": each.code,
                "status": each.status,
                "start_at": each.start_at,
                "end_at": each.end_at,
            }
            for each in bookings
        ]
        return cls(
            business_id=business_id,
            status=BusinessStatus.SUSPENDED,
            bookings=[StandingBookingRead(**each) for each in shown],
        )
