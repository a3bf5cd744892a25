"""Staff, rooms and equipment."""

from typing import Annotated, Any, ClassVar, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from api.http.fields import BilingualNameWrite, BilingualRead, ChangedRecordRead, Changes, Input, Output, examples
from api.v1.scheduling.schedules.hours_schemas import WorkingHoursRead, WorkingHoursWrite
from db.catalogue.catalogue import ResourceRow
from domain.catalogue.resource import ResourceKind
from domain.scheduling.hours import WeeklyHours

_SHIFT = [{"opens": "10:00", "closes": "13:00"}, {"opens": "14:00", "closes": "19:00"}]
_WRITTEN = {
    "kind": "staff",
    "name": {"ja": "佐藤 美咲", "en": "Misaki Sato"},
    "capacity": 1,
    "working_hours": {"weekly": {"tuesday": _SHIFT, "wednesday": _SHIFT, "saturday": _SHIFT}, "public_holiday": None},
}
_ID = "019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58"

Capacity = Annotated[int, Field(ge=1, le=500)]
Seats = Annotated[int, Field(ge=1, le=500)]
_SEATS = (
    "How many people sit at it, if it is a table: a party gets the smallest free table that seats it. Null where "
    "parties of any size fit."
)


class ResourceCreate(Input):
    """A new resource. Without ``working_hours`` it has the business's."""

    model_config = ConfigDict(json_schema_extra=examples({"business_id": _ID, **_WRITTEN}))

    business_id: UUID = Field(description="Id of the business (UUID).")
    kind: ResourceKind = Field(description="What the resource is, such as `staff` or `room`.")
    name: BilingualNameWrite = Field(description="Name in Japanese, English or both.")
    capacity: Capacity = Field(
        default=1, description="Units that can be booked at one time: the seats of a room; 1 for a person."
    )
    seats: Seats | None = Field(default=None, description=_SEATS)
    is_active: bool = Field(default=True, description="Whether it can be booked.")
    working_hours: WorkingHoursWrite | None = Field(
        default=None,
        description="Weekly working hours; null takes those of the business.",
    )

    def columns(self) -> dict[str, Any]:
        """As the database keeps it."""
        return {
            "kind": self.kind,
            "name": self.name.stored(),
            "capacity": self.capacity,
            "seats": self.seats,
            "is_active": self.is_active,
        }

    def week(self) -> WeeklyHours | None:
        """Its own hours. Raises OverlappingHours."""
        return self.working_hours.week() if self.working_hours else None


class ResourceUpdate(Changes):
    """The fields to change. ``working_hours`` null gives it the business's hours again; with ``seats`` null it is no
    table any more."""

    model_config = ConfigDict(json_schema_extra=examples({"name": {"ja": "佐藤 美咲", "en": "Misaki Sato"}}))
    erasable: ClassVar[frozenset[str]] = frozenset({"working_hours", "seats"})

    name: BilingualNameWrite | None = Field(default=None, description="Name in Japanese, English or both.")
    capacity: Capacity | None = Field(
        default=None, description="Units that can be booked at one time: the seats of a room; 1 for a person."
    )
    seats: Seats | None = Field(default=None, description=_SEATS)
    is_active: bool | None = Field(default=None, description="Whether it can be booked.")
    working_hours: WorkingHoursWrite | None = Field(
        default=None,
        description="Weekly working hours; null takes those of the business.",
    )

    def columns(self) -> dict[str, Any]:
        """The columns that change."""
        columns = {name: getattr(self, name) for name in self.model_fields_set - {"working_hours", "name"}}
        return columns | ({"name": self.name.stored()} if self.name else {})

    def week(self) -> tuple[WeeklyHours | None] | None:
        """Its own hours, or None in a tuple for the business's; None where nothing was sent. Raises
        OverlappingHours."""
        if "working_hours" not in self.model_fields_set:
            return None
        return (self.working_hours.week() if self.working_hours else None,)


class ResourceRead(ChangedRecordRead):
    """A resource. ``working_hours`` null: it has the business's."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "id": "019a0c5e-8a10-7d4e-9c11-0f3b7a5e2d90",
                "business_id": _ID,
                "kind": "staff",
                "name": {"ja": "佐藤 美咲", "en": "Misaki Sato", "text": "Misaki Sato"},
                "capacity": 1,
                "seats": None,
                "is_active": True,
                "working_hours": None,
                "created_at": "2026-11-21T01:30:00Z",
                "updated_at": "2026-11-21T01:30:00Z",
            }
        )
    )

    business_id: UUID = Field(description="Id of the business (UUID).")
    kind: ResourceKind = Field(description="What the resource is, such as `staff` or `room`.")
    name: BilingualRead = Field(description="Name in Japanese, English or both.")
    capacity: int = Field(description="Units that can be booked at one time: the seats of a room; 1 for a person.")
    seats: int | None = Field(description=_SEATS)
    is_active: bool = Field(description="Whether it can be booked.")
    working_hours: WorkingHoursRead | None = Field(
        description="Weekly working hours; null takes those of the business.",
    )

    @classmethod
    def of(cls, row: ResourceRow) -> Self:
        """A stored resource."""
        return cls(
            id=row.id,
            business_id=row.business_id,
            kind=ResourceKind(row.kind),
            name=BilingualRead.of(row.name),
            capacity=row.capacity,
            seats=row.seats,
            is_active=row.is_active,
            working_hours=WorkingHoursRead.of(row.working_hours) if row.working_hours else None,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


class StaffRead(Output):
    """A person who can be booked. ``id`` is the resource's."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "id": "019a0c5e-8a10-7d4e-9c11-0f3b7a5e2d90",
                "name": {"ja": "佐藤 美咲", "en": "Misaki Sato", "text": "Misaki Sato"},
            }
        )
    )

    id: UUID = Field(description="Id (UUID version 7).")
    name: BilingualRead = Field(description="Name in Japanese, English or both.")

    @classmethod
    def of(cls, row: ResourceRow) -> Self:
        """A stored resource of the kind staff."""
        return cls(id=row.id, name=BilingualRead.of(row.name))
