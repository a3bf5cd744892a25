"""Who works at a business."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from api.http.fields import (
    BilingualNameWrite,
    BilingualRead,
    ChangedRecordRead,
    Changes,
    Email,
    Input,
    Line,
    RecordRead,
    examples,
)
from api.http.request_info import Language, request_info
from db.scheduling.staff.invitations import Invited
from db.scheduling.staff.staff import AssignmentRow, InvitationRow
from domain.scheduling.staff import StaffRole

_ID = "019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58"
_PERSON = "019a0c5e-8a10-7d4e-9c11-0f3b7a5e2d90"
_NAME = {"ja": "佐藤 美咲", "en": "Misaki Sato"}


class InvitationCreate(Input):
    """Whom to invite. ``resource_id``: the bookable person they are; ``resource_name``: a new one, made when they
    accept; neither for a person who cannot be booked."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {"business_id": _ID, "email": "misaki@example.jp", "role": "staff", "resource_id": _ID}
        )
    )

    business_id: UUID = Field(description="Id of the business (UUID).")
    email: Email = Field(description="E-mail address.")
    role: StaffRole = Field(description="Role in the business.")
    resource_id: UUID | None = Field(
        default=None,
        description="Resource that customers book with this person (UUID); null for none.",
    )
    resource_name: BilingualNameWrite | None = Field(
        default=None,
        description="Name under which customers book this person.",
    )
    language: Language | None = Field(default=None, description="Of the e-mail; else the caller's.")

    @model_validator(mode="after")
    def _one_person(self) -> Self:
        if self.resource_id is not None and self.resource_name is not None:
            raise PydanticCustomError("at_most_one", "one of them", {"field": "resource_name"})
        return self

    def invited(self) -> Invited:
        """As the store asks for it."""
        name = self.resource_name.stored() if self.resource_name else None
        return Invited(self.email, self.role, self.resource_id, name, (self.language or request_info().language).value)


class AcceptInvitationCommand(Input):
    """The token of the e-mail."""

    model_config = ConfigDict(json_schema_extra=examples({"token": "k1.AAAAAGk…"}))

    token: str = Field(min_length=1, max_length=300, description="Token of the link in the message.")


class InvitationRead(RecordRead):
    """An invitation that waits for its answer."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "id": _ID,
                "business_id": _ID,
                "email": "misaki@example.jp",
                "role": "staff",
                "resource_id": None,
                "resource_name": {**_NAME, "text": "Misaki Sato"},
                "expires_at": "2026-11-28T01:30:00Z",
                "created_at": "2026-11-21T01:30:00Z",
            }
        )
    )

    business_id: UUID = Field(description="Id of the business (UUID).")
    email: str = Field(description="E-mail address.")
    role: StaffRole = Field(description="Role in the business.")
    resource_id: UUID | None = Field(description="Resource that customers book with this person (UUID); null for none.")
    resource_name: BilingualRead | None = Field(description="Name under which customers book this person.")
    expires_at: datetime = Field(description="When it expires, RFC 3339.")

    @classmethod
    def of(cls, row: InvitationRow) -> Self:
        """A stored invitation."""
        return cls(
            id=row.id,
            business_id=row.business_id,
            email=row.email,
            role=StaffRole(row.role),
            resource_id=row.resource_id,
            resource_name=BilingualRead.of(row.resource_name) if row.resource_name else None,
            expires_at=row.expires_at,
            created_at=row.created_at,
        )


class AssignmentUpdate(Changes):
    """The fields to change. ``name``: how customers see the person; ``service_ids``: all that they perform."""

    model_config = ConfigDict(json_schema_extra=examples({"role": "manager", "service_ids": [_ID]}))

    role: StaffRole | None = Field(default=None, description="Role in the business.")
    name: BilingualNameWrite | None = Field(default=None, description="Name in Japanese, English or both.")
    service_ids: list[UUID] | None = Field(
        default=None,
        max_length=500,
        description="Ids of the services that the person gives (UUIDs).",
    )


class AssignmentRead(ChangedRecordRead):
    """One person's work at one business. ``resource_id`` and ``name`` null: not booked."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "id": _ID,
                "business_id": _ID,
                "user_id": _ID,
                "email": "misaki@example.jp",
                "family_name": "佐藤",
                "given_name": "美咲",
                "role": "staff",
                "resource_id": _PERSON,
                "name": {**_NAME, "text": "Misaki Sato"},
                "service_ids": [_ID],
                "ended_at": None,
                "created_at": "2026-11-21T01:30:00Z",
                "updated_at": "2026-11-21T01:30:00Z",
            }
        )
    )

    business_id: UUID = Field(description="Id of the business (UUID).")
    user_id: UUID = Field(description="Id of the user (UUID).")
    email: str = Field(description="E-mail address.")
    family_name: str = Field(description="Family name.")
    given_name: str = Field(description="Given name.")
    role: StaffRole = Field(description="Role in the business.")
    resource_id: UUID | None = Field(description="Resource that customers book with this person (UUID); null for none.")
    name: BilingualRead | None = Field(description="Name in Japanese, English or both.")
    service_ids: list[UUID] = Field(description="Ids of the services that the person gives (UUIDs).")
    ended_at: datetime | None = Field(description="When it ended, RFC 3339; null while it runs.")

    @classmethod
    def of(cls, row: AssignmentRow) -> Self:
        """A stored assignment."""
        return cls(
            id=row.id,
            business_id=row.business_id,
            user_id=row.user_id,
            email=row.email,
            family_name=row.family_name,
            given_name=row.given_name,
            role=StaffRole(row.role),
            resource_id=row.resource_id,
            name=BilingualRead.of(row.resource_name) if row.resource_name else None,
            service_ids=list(row.service_ids),
            ended_at=row.ended_at,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


class AssignToBookingCommand(Input):
    """Who is to serve a booking instead."""

    model_config = ConfigDict(
        json_schema_extra=examples({"booking_id": _ID, "resource_id": _PERSON, "reason": "病欠のため"})
    )

    booking_id: UUID = Field(description="Id of the booking (UUID).")
    resource_id: UUID = Field(description="Id of the resource (UUID).")
    item: int | None = Field(
        default=None,
        ge=0,
        le=4,
        description="Position of the service that the person takes over, from 0. Left out: every service of the "
        "booking that the person performs.",
    )
    reason: Line | None = Field(default=None, description="Reason, for people to read.")
