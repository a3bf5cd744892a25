"""Bodies and answers of moderation."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from api.http.fields import Input, Output, Prose, examples
from api.v1.reviews.reviews.schemas import REVIEW_DETAIL, ReviewDetailRead
from db.reviews.queries import RequestRow
from domain.reviews.moderation import Verdict
from domain.reviews.status import RemovalReason


class ReviewReportCommand(Input):
    """A reader's report."""

    model_config = ConfigDict(json_schema_extra=examples({"reason": "offensive"}))

    reason: RemovalReason = Field(description="What is wrong with the review.")


class ReviewReportedRead(Output):
    """The report was taken."""

    model_config = ConfigDict(json_schema_extra=examples({"id": "5e7c1f0a-9d3b-4c52-8a61-2f7d0b9e4c13"}))

    id: UUID = Field(description="Id of the reported review (UUID).")


class ModerationCommand(Input):
    """The business sends ``reason`` and ``note``. An operator sends ``verdict``, and ``reason`` for taking it down."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {"reason": "personal_data", "note": "スタッフの氏名が書かれています。"},
            {"verdict": "hide", "reason": "personal_data", "version": 1},
        )
    )

    reason: RemovalReason | None = Field(default=None, description="What is wrong with the review.")
    note: Annotated[Prose, StringConstraints(max_length=1000)] | None = Field(
        default=None, description="For the operator who decides; from the business alone."
    )
    verdict: Verdict | None = Field(
        default=None, description="The operator's decision; `hide` can be undone, `reject` cannot."
    )
    version: int | None = Field(
        default=None,
        ge=1,
        le=2**31 - 1,
        description="The version that the operator read: 409 if the text has changed since.",
    )


class ModerationRequestRead(Output):
    """An open request for moderation."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "id": "019a0c63-4c5d-7f70-8a9e-1b3c8d5e7a09",
                "reason": "personal_data",
                "note": None,
                "by_business": True,
                "reports": 0,
                "review": REVIEW_DETAIL,
            }
        )
    )

    id: UUID = Field(description="Id of the request (UUID).")
    reason: RemovalReason = Field(description="What is said to be wrong.")
    note: str | None = Field(description="What the business wrote; null for nothing.")
    by_business: bool = Field(description="The business asked; otherwise several readers reported the review.")
    reports: int = Field(description="How many readers reported this version of the review.")
    review: ReviewDetailRead = Field(description="The review.")

    @classmethod
    def of(cls, row: RequestRow) -> Self:
        """A stored request."""
        return cls(
            id=row.id,
            reason=RemovalReason(row.reason),
            note=row.note,
            by_business=row.by_business,
            reports=row.reports,
            review=ReviewDetailRead.of(row.review),
        )
