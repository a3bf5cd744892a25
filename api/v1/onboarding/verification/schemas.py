"""Requests and answers of reviews."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from api.http.fields import BilingualRead, Changes, Input, Output, Prose, RecordRead, examples
from api.http.uploads import USUAL_NAME, UploadTicketRead
from db.onboarding.queries import BusinessUnderReview, DecisionRow, DocumentRow, ReviewRow
from db.onboarding.verifications import BookingToCome
from domain.business_status import BusinessStatus
from domain.media.files import FileType
from domain.onboarding.verification import Decision, DocumentKind, DocumentStatus, ReviewStatus

_ID = "019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58"
_AT = "2026-11-21T10:30:00+09:00"
_VERSION = "4f9a0c5e7b3f4c21b5d4a9e1f2036c58"
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
_VERIFICATION = {
    "business_id": _ID,
    "status": "pending",
    "version": _VERSION,
    "missing": [],
    "review": _REVIEW,
    "documents": [_DOCUMENT],
    "decisions": [_DECISION],
}

#: What an operator writes to an owner.
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]


class DocumentCreate(Input):
    """A document to be uploaded: PDF, JPEG or PNG."""

    model_config = ConfigDict(json_schema_extra=examples({"kind": "permit", "content_type": "application/pdf"}))

    kind: DocumentKind = Field(description="What the document proves.")
    content_type: Annotated[Literal["application/pdf", "image/jpeg", "image/png"], USUAL_NAME] = Field(
        description="Media type of the file, such as `image/jpeg`.",
    )

    @property
    def file_type(self) -> FileType:
        """As the storage takes it."""
        return FileType(self.content_type)


class DocumentRead(RecordRead):
    """A document. ``size`` in bytes. ``url``: where an operator reads it, for some minutes; null for everybody else."""

    model_config = ConfigDict(json_schema_extra=examples(_DOCUMENT))

    kind: DocumentKind = Field(description="What the document proves.")
    status: DocumentStatus = Field(description="Present status.")
    content_type: str = Field(description="Media type of the file, such as `image/jpeg`.")
    size: int | None = Field(description="Size in bytes.")
    note: str | None = Field(description="Note of the operator.")
    url: str | None = Field(description="URL that works until it expires; null in the answer to a decision.")

    @classmethod
    def of(cls, row: DocumentRow, url: str | None = None) -> Self:
        """A stored document."""
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
    """Where to upload the file. Call `complete` afterwards."""

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

    document: DocumentRead = Field(description="The document that waits for its file.")
    upload: UploadTicketRead = Field(description="Where to send the file.")


class ReviewRead(Output):
    """A review. ``note`` is the operators' own and null for everybody else."""

    model_config = ConfigDict(json_schema_extra=examples(_REVIEW))

    id: UUID = Field(description="Id (UUID version 7).")
    status: ReviewStatus = Field(description="Present status.")
    note: str | None = Field(description="Note of the operator.")
    submitted_at: datetime = Field(description="When the business asked for the review, RFC 3339.")
    decided_at: datetime | None = Field(description="When it was decided, RFC 3339; null until then.")

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

    decision: Decision = Field(description="What was decided.")
    reason: str | None = Field(description="Reason that was given; null for none.")
    decided_by: UUID | None = Field(description="User who decided (UUID); null for the platform.")
    at: datetime = Field(description="When it was decided, RFC 3339.")

    @classmethod
    def of(cls, row: DecisionRow) -> Self:
        """A stored decision."""
        return cls(decision=Decision(row.decision), reason=row.reason, decided_by=row.decided_by, at=row.created_at)


class VerificationRead(Output):
    """The state of a business's verification. ``missing``: stable codes for everything that a submission still lacks.
    ``review`` is the newest one, null for a business without a review."""

    model_config = ConfigDict(json_schema_extra=examples(_VERIFICATION))

    business_id: UUID = Field(description="Id of the business (UUID).")
    status: BusinessStatus = Field(description="Present status.")
    version: str = Field(description="Names this state of the business's identity and documents; for the approval.")
    missing: list[str] = Field(description="What is missing before the review can begin.")
    review: ReviewRead | None = Field(description="The present review; null before the first.")
    documents: list[DocumentRead] = Field(description="Documents of the business.")
    decisions: list[DecisionRead] = Field(description="Every decision so far, newest first.")


class ApprovalCommand(Input):
    """What the operator has seen."""

    model_config = ConfigDict(json_schema_extra=examples({"version": _VERSION}))

    version: Annotated[str, StringConstraints(max_length=32, pattern=r"^[0-9a-f]{32}$")] = Field(
        description="`version` of the review that the operator has read.",
    )


class DecisionCommand(Input):
    """Why; the owner reads it."""

    model_config = ConfigDict(json_schema_extra=examples({"reason": "許可証の有効期限が切れています。"}))

    reason: Reason = Field(description="Reason, for people to read.")


class DocumentJudgementWrite(Input):
    """An operator's decision about one document."""

    document_id: UUID = Field(description="Id of the document (UUID).")
    status: Literal["accepted", "refused"] = Field(description="Accepted or refused.")
    note: Prose | None = Field(default=None, description="Note of the operator.")


class VerificationUpdate(Changes):
    """Notes for other operators, and decisions about documents. Fields that are left out do not change."""

    erasable = frozenset({"note"})
    model_config = ConfigDict(
        json_schema_extra=examples(
            {"note": "電話で確認済み", "documents": [{"document_id": _ID, "status": "accepted"}]}
        )
    )

    note: Prose | None = Field(default=None, description="Note of the operator.")
    documents: Annotated[tuple[DocumentJudgementWrite, ...], Field(max_length=50)] = Field(
        default=(),
        description="Documents to accept or refuse.",
    )


class BusinessUnderReviewRead(RecordRead):
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

    slug: str = Field(description="Name in the business's own URL: small letters, digits and hyphens.")
    status: BusinessStatus = Field(description="Present status.")
    vertical: str = Field(description="Line of business.")
    name: BilingualRead = Field(description="Name in Japanese, English or both.")
    prefecture: str | None = Field(description="Prefecture.")
    verification_id: UUID | None = Field(description="Id of the present review (UUID); null before the first.")
    review_status: ReviewStatus | None = Field(description="Status of the review; null before the first.")
    submitted_at: datetime | None = Field(description="When the business asked for the review, RFC 3339.")

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


class OpenBookingRead(Output):
    """An open booking of a suspended business."""

    booking_id: UUID = Field(description="Id of the booking (UUID).")
    code: str = Field(description="The booking's short code, as people read it out.")
    status: str = Field(description="Present status.")
    start_at: datetime = Field(description="Start, RFC 3339 with the venue's offset.")
    end_at: datetime = Field(description="End, RFC 3339 with the venue's offset.")


class SuspendedRead(Output):
    """The next hundred open bookings, for the operator to decide. Nothing happens to them automatically."""

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

    business_id: UUID = Field(description="Id of the business (UUID).")
    status: BusinessStatus = Field(description="Present status.")
    bookings: list[OpenBookingRead] = Field(description="Number of open bookings of the business.")

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
            bookings=[OpenBookingRead(**each) for each in shown],
        )
