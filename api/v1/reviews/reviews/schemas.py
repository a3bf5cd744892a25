"""What reviews look like. The public sees neither the visit nor an exact time, so that nobody can see who wrote."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from api.http.fields import BilingualRead, Input, Output, PersonName, Prose, examples
from db.reviews.queries import BusinessStars, ReviewRow, StarsOf
from db.reviews.writing import ReviewDraft
from domain.reviews.statistics import Stars
from domain.reviews.status import PublicationStatus, RemovalReason, Subject

_TEXT = "丁寧に相談に乗っていただけました。"
_REVIEW = {
    "id": "5e7c1f0a-9d3b-4c52-8a61-2f7d0b9e4c13",
    "business_id": "019a0c5e-8c00-7b10-9e2d-4a6b1c8d0f01",
    "rating": 5,
    "text": _TEXT,
    "display_name": "はな好き",
    "services": [{"ja": "カット", "en": "Cut", "text": "Cut"}],
    "visited_in": "2026-11",
    "published_in": "2026-11",
    "reply": None,
    "reply_is_edited": False,
    "is_edited": False,
}

#: The example of a review for its author, the business and operators.
REVIEW_DETAIL = {
    **_REVIEW,
    "booking_id": "019a0c5f-1c2d-7e30-9b5a-7d9e4f1a3c04",
    "status": "pending",
    "removal_reason": None,
    "version": 1,
    "created_at": "2026-11-22T01:31:00Z",
    "publish_at": "2026-11-24T09:12:40Z",
    "editable_until": "2027-02-19T06:00:00Z",
    "decide_by": None,
}

DisplayName = Annotated[PersonName, StringConstraints(max_length=30)]
ReviewText = Annotated[Prose, StringConstraints(max_length=4000)]


class ReviewUpdate(Input):
    """The whole review: what is left out is removed."""

    model_config = ConfigDict(json_schema_extra=examples({"rating": 5, "text": _TEXT, "display_name": "はな好き"}))

    rating: int = Field(ge=1, le=5, description="Stars, from 1 to 5.")
    text: ReviewText | None = Field(default=None, description="In any language, kept as it was written.")
    display_name: DisplayName | None = Field(
        default=None, description="What to show as the author, without the real family name; null: nothing is shown."
    )

    def draft(self) -> ReviewDraft:
        """For the store."""
        return ReviewDraft(self.rating, self.text, self.display_name)


class ReviewCreate(ReviewUpdate):
    """A review of one completed visit."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {"booking_id": "019a0c5f-1c2d-7e30-9b5a-7d9e4f1a3c04", "rating": 5, "text": _TEXT, "display_name": None}
        )
    )

    booking_id: UUID = Field(description="Id of the visit's booking (UUID).")


class ReplyCommand(Input):
    """The answer of the business."""

    model_config = ConfigDict(json_schema_extra=examples({"text": "ご来店ありがとうございました。"}))

    text: Annotated[Prose, StringConstraints(max_length=2000)] = Field(
        description="Shown under the review; a later reply replaces it."
    )


class PublicReviewRead(Output):
    """A published review, as everybody sees it."""

    model_config = ConfigDict(json_schema_extra=examples(_REVIEW))

    id: UUID = Field(description="Id of the review (a random UUID).")
    business_id: UUID = Field(description="Id of the business (UUID).")
    rating: int = Field(description="Stars, from 1 to 5.")
    text: str | None = Field(description="As it was written: plain text, to be shown as text. Null for stars alone.")
    display_name: str | None = Field(description="What the author wants to be called; null: show no name.")
    services: list[BilingualRead] = Field(description="The services of the visit, as they were booked.")
    visited_in: str = Field(description="The month of the visit, `YYYY-MM`.")
    published_in: str | None = Field(description="The month of publication, `YYYY-MM`; null until then.")
    reply: str | None = Field(description="The reply of the business, plain text; null for none.")
    reply_is_edited: bool = Field(description="The reply was changed after it was written.")
    is_edited: bool = Field(description="The author changed the review after writing it.")

    @classmethod
    def of(cls, row: ReviewRow) -> Self:
        """A stored review."""
        return cls(**_public(row))


class ReviewDetailRead(PublicReviewRead):
    """A review for its author, the business and operators: with its visit and its status."""

    model_config = ConfigDict(json_schema_extra=examples(REVIEW_DETAIL))

    booking_id: UUID = Field(description="Id of the visit's booking (UUID).")
    status: PublicationStatus = Field(description="Present status.")
    removal_reason: RemovalReason | None = Field(description="Why it is hidden or rejected; null otherwise.")
    version: int = Field(description="Counts the texts of the review, from 1.")
    created_at: datetime = Field(description="When it was written, RFC 3339.")
    publish_at: datetime = Field(description="When a pending review is published, RFC 3339.")
    editable_until: datetime = Field(description="Until when its author can change it, RFC 3339.")
    decide_by: datetime | None = Field(
        description="Until when an operator decides about an open request for moderation, RFC 3339; null for none."
    )

    @classmethod
    def of(cls, row: ReviewRow) -> Self:
        """A stored review."""
        return cls(
            **_public(row),
            booking_id=row.booking_id,
            status=PublicationStatus(row.status),
            removal_reason=None if row.removal_reason is None else RemovalReason(row.removal_reason),
            version=row.version,
            created_at=row.created_at,
            publish_at=row.publish_at,
            editable_until=row.editable_until,
            decide_by=row.decide_by,
        )


class StarsRead(Output):
    """Stars of published reviews."""

    count: int = Field(description="How many reviews.")
    mean: float | None = Field(description="The mean with two decimals; null for no review.")
    distribution: dict[str, int] = Field(description="How many reviews have `1`, `2`, `3`, `4` and `5` stars.")

    @classmethod
    def of(cls, stars: Stars) -> Self:
        """Counted stars."""
        return cls(count=stars.count, mean=_number(stars.mean), distribution=_distribution(stars))


class SubjectStarsRead(StarsRead):
    """Stars of one service or staff member."""

    id: UUID = Field(description="Id of the service or resource (UUID).")
    name: BilingualRead = Field(description="Its present name.")

    @classmethod
    def of_part(cls, part: StarsOf) -> Self:
        """Counted stars of a part of the business."""
        stars = part.stars
        return cls(
            id=part.subject_id,
            name=BilingualRead.of(part.name),
            count=stars.count,
            mean=_number(stars.mean),
            distribution=_distribution(stars),
        )


class ReviewStatsRead(StarsRead):
    """The stars of a business, and those of its services and staff that have any."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "count": 3,
                "mean": 4.67,
                "distribution": {"1": 0, "2": 0, "3": 0, "4": 1, "5": 2},
                "by_service": [],
                "by_staff": [],
            }
        )
    )

    by_service: list[SubjectStarsRead] = Field(description="The stars of each service that was reviewed.")
    by_staff: list[SubjectStarsRead] = Field(description="The stars of each staff member who was reviewed.")

    @classmethod
    def of_business(cls, found: BusinessStars) -> Self:
        """Everything that is counted for a business."""
        return cls(
            count=found.whole.count,
            mean=_number(found.whole.mean),
            distribution=_distribution(found.whole),
            by_service=[SubjectStarsRead.of_part(one) for one in found.parts if one.subject is Subject.SERVICE],
            by_staff=[SubjectStarsRead.of_part(one) for one in found.parts if one.subject is Subject.STAFF],
        )


def _public(row: ReviewRow) -> dict[str, object]:
    return {
        "id": row.id,
        "business_id": row.business_id,
        "rating": row.rating,
        "text": row.body,
        "display_name": row.display_name,
        "services": [BilingualRead.of(name) for name in row.services],
        "visited_in": f"{row.visited_on:%Y-%m}",
        "published_in": f"{row.published_on:%Y-%m}" if row.published_on else None,
        "reply": row.reply,
        "reply_is_edited": row.reply_is_edited,
        "is_edited": row.version > 1,
    }


def _distribution(stars: Stars) -> dict[str, int]:
    return {str(number): count for number, count in enumerate(stars.counts, 1)}


def _number(mean: Decimal | None) -> float | None:
    return None if mean is None else float(mean)
