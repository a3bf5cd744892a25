"""The schemas of working hours and their exceptions."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from api.http.fields import ChangedRecordRead, Input, Line, Output, examples
from api.http.times import Day
from api.v1.scheduling.schedules.hours_schemas import (
    ExceptionRangeWrite,
    WorkingHoursRead,
    WorkingHoursWrite,
    clock,
    ranges_of,
)
from db.scheduling.staff.staff import ExceptionRow
from domain.scheduling.hours import WeeklyHours
from domain.scheduling.staff_exceptions import CalendarException, ExceptionKind

_ID = "019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58"
_SHIFT = [{"opens": "10:00", "closes": "13:00"}, {"opens": "14:00", "closes": "19:00"}]
_LEAVE = {"first_day": "2026-12-28", "last_day": "2027-01-03", "kind": "off", "ranges": [], "reason": "年末年始休暇"}


class WorkingHoursUpdate(Input):
    """The whole week of one person (or room). ``working_hours`` null: the business's hours."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {"resource_id": _ID, "working_hours": {"weekly": {"tuesday": _SHIFT}, "public_holiday": []}}
        )
    )

    resource_id: UUID = Field(description="Id of the resource (UUID).")
    working_hours: WorkingHoursWrite | None = Field(
        description="Weekly working hours; null takes those of the business.",
    )


class ScheduleRead(Output):
    """The usual week. ``working_hours`` null: the business's."""

    model_config = ConfigDict(json_schema_extra=examples({"resource_id": _ID, "working_hours": None}))

    resource_id: UUID = Field(description="Id of the resource (UUID).")
    working_hours: WorkingHoursRead | None = Field(
        description="Weekly working hours; null takes those of the business.",
    )

    @classmethod
    def of(cls, resource_id: UUID, week: WeeklyHours | None) -> Self:
        """``week``: the stored hours of the resource."""
        return cls(resource_id=resource_id, working_hours=WorkingHoursRead.of(week) if week else None)


class ExceptionUpdate(Input):
    """``off``: not there in ``ranges``, or all day where there are none. ``hours``: there in ``ranges`` instead of the
    usual hours; the business's hours bound them. Without ``last_day`` it is one day.

    Days are business days, as in the hours: the night from Monday to Tuesday is Monday's, up to ``48:00``. Off on
    Tuesday leaves Monday's night as it is; off on Monday from ``24:00`` to ``26:00`` takes it."""

    model_config = ConfigDict(json_schema_extra=examples(_LEAVE))

    first_day: Day
    last_day: Day | None = Field(
        default=None,
        description="Last business day, included, `YYYY-MM-DD`; left out, the first day alone.",
    )
    kind: ExceptionKind = Field(description="Whether the person is away or works other hours.")
    ranges: Annotated[list[ExceptionRangeWrite], Field(max_length=10)] = Field(
        default_factory=list,
        description="With `hours`: the working hours of each day. With `off`: the parts of each day; none for all day.",
    )
    reason: Line | None = Field(default=None, description="Reason, for people to read.")

    def to_domain(self) -> CalendarException:
        """As the calendar has it. Raises InvalidInput, OverlappingHours."""
        return CalendarException(self.first_day, self.last_day or self.first_day, self.kind, ranges_of(self.ranges))


class ExceptionCreate(ExceptionUpdate):
    """A new one."""

    model_config = ConfigDict(json_schema_extra=examples({"resource_id": _ID, **_LEAVE}))

    resource_id: UUID = Field(description="Id of the resource (UUID).")


class ExceptionRead(ChangedRecordRead):
    """Days on which a person or room does not have its usual hours."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "id": _ID,
                "business_id": _ID,
                "resource_id": _ID,
                **_LEAVE,
                "created_at": "2026-11-21T01:30:00Z",
                "updated_at": "2026-11-21T01:30:00Z",
            }
        )
    )

    business_id: UUID = Field(description="Id of the business (UUID).")
    resource_id: UUID = Field(description="Id of the resource (UUID).")
    first_day: date = Field(description="First business day, `YYYY-MM-DD`.")
    last_day: date = Field(description="Last business day, included, `YYYY-MM-DD`.")
    kind: ExceptionKind = Field(description="Whether the person is away or works other hours.")
    ranges: list[ExceptionRangeWrite] = Field(
        description="With `hours`: the working hours of each day. With `off`: the parts of each day; none for all day.",
    )
    reason: Annotated[str | None, Field(description="For the business's own eyes.")]

    @classmethod
    def of(cls, row: ExceptionRow) -> Self:
        """A stored one."""
        return cls(
            id=row.id,
            business_id=row.business_id,
            resource_id=row.resource_id,
            first_day=row.first_day,
            last_day=row.last_day,
            kind=row.kind,
            ranges=[ExceptionRangeWrite(opens=clock(span.start), closes=clock(span.end)) for span in row.ranges],
            reason=row.reason,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )
