"""Requests and answers of feature flags. Shares are percent with two decimals."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, WithJsonSchema

from api.http.fields import ChangedRecordRead, Changes, Input, Output, RecordRead, examples
from db.platform.flags import FlagRow, FlagValues, RolloutRow
from domain.platform.flag_rollout import MAX_STEPS, Measure, RolloutPlan, RolloutStatus, Step
from domain.platform.flags import MAX_NAME, NAME, Subject

_FLAG = {
    "id": "019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58",
    "name": "waitlist.offers",
    "description": "Offers freed time to the waitlist.",
    "enabled": True,
    "killed": False,
    "subject": "business",
    "percentage": 12.5,
    "users": [],
    "businesses": ["019a0c5e-7b3f-7c21-b5d4-a9e1f2036c59"],
    "version": 3,
    "created_at": "2026-11-21T10:30:00+09:00",
    "updated_at": "2026-11-21T11:00:00+09:00",
}
_NEW = {key: _FLAG[key] for key in ("name", "description", "enabled", "subject", "percentage", "businesses")}
_PLAN = {
    "steps": [{"percentage": 5, "watch_minutes": 60}, {"percentage": 100, "watch_minutes": 1440}],
    "limits": {"attention_filed": 0, "payments_failed": 20},
}

FlagName = Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME, pattern=f"^{NAME.pattern}$")]
Percentage = Annotated[
    Decimal,
    Field(ge=0, le=100, decimal_places=2),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 100, "description": "At most two decimal places."}),
]
Ids = Annotated[tuple[UUID, ...], Field(max_length=1000)]
Description = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]


class FlagCreate(Input):
    """A new flag; nobody has the feature until it is enabled and somebody is listed or shared in."""

    model_config = ConfigDict(json_schema_extra=examples(_NEW))

    name: FlagName = Field(description="Name by which programs ask for the feature.")
    description: Description = Field(default="", description="What the feature does, for operators.")
    enabled: bool = Field(default=False, description="Whether the feature may be on at all.")
    killed: bool = Field(default=False, description="True turns the feature off at once for everybody.")
    subject: Subject = Field(default=Subject.USER, description="What the share is counted by: users or businesses.")
    percentage: Percentage = Field(
        default=Decimal(0),
        description="Share of the subjects for which the feature is on, in percent.",
    )
    users: Ids = Field(default=(), description="Ids of the users for which the feature is on (UUIDs).")
    businesses: Ids = Field(default=(), description="Ids of the businesses for which the feature is on (UUIDs).")

    def values(self) -> FlagValues:
        """As the store takes it."""
        return FlagValues(
            self.description,
            self.enabled,
            self.killed,
            self.subject,
            _share(self.percentage),
            self.users,
            self.businesses,
        )


class FlagUpdate(Changes):
    """What is to be different. ``killed`` switches the feature off for everybody at once, whatever else is set. A
    change of ``percentage``, ``enabled`` or ``killed`` ends a rollout that is under way."""

    model_config = ConfigDict(json_schema_extra=examples({"killed": True}))

    description: Description | None = Field(default=None, description="What the feature does, for operators.")
    enabled: bool | None = Field(default=None, description="Whether the feature may be on at all.")
    killed: bool | None = Field(default=None, description="True turns the feature off at once for everybody.")
    subject: Subject | None = Field(default=None, description="What the share is counted by: users or businesses.")
    percentage: Percentage | None = Field(
        default=None,
        description="Share of the subjects for which the feature is on, in percent.",
    )
    users: Ids | None = Field(default=None, description="Ids of the users for which the feature is on (UUIDs).")
    businesses: Ids | None = Field(
        default=None,
        description="Ids of the businesses for which the feature is on (UUIDs).",
    )

    def onto(self, flag: FlagRow) -> FlagValues:
        """The flag with these changes."""
        sent: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set}
        share = _share(sent["percentage"]) if "percentage" in sent else flag.share
        return FlagValues(
            sent.get("description", flag.description),
            sent.get("enabled", flag.enabled),
            sent.get("killed", flag.killed),
            Subject(sent.get("subject", flag.subject)),
            share,
            tuple(sent.get("users", flag.users)),
            tuple(sent.get("businesses", flag.businesses)),
        )


class FlagRead(ChangedRecordRead):
    """A flag. ``percentage`` of the subjects (users or businesses) have the feature beside those that are listed."""

    model_config = ConfigDict(json_schema_extra=examples(_FLAG))

    name: str = Field(description="Name by which programs ask for the feature.")
    description: str = Field(description="What the feature does, for operators.")
    enabled: bool = Field(description="Whether the feature may be on at all.")
    killed: bool = Field(description="True turns the feature off at once for everybody.")
    subject: Subject = Field(description="What the share is counted by: users or businesses.")
    percentage: float = Field(description="Share of the subjects for which the feature is on, in percent.")
    users: list[UUID] = Field(description="Ids of the users for which the feature is on (UUIDs).")
    businesses: list[UUID] = Field(description="Ids of the businesses for which the feature is on (UUIDs).")
    version: int = Field(description="Number that grows with each change.")

    @classmethod
    def of(cls, row: FlagRow) -> Self:
        """A stored flag."""
        return cls(
            id=row.id,
            name=row.name,
            description=row.description,
            enabled=row.enabled,
            killed=row.killed,
            subject=Subject(row.subject),
            percentage=row.share / 100,
            users=list(row.users),
            businesses=list(row.businesses),
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


class FlagCheckRead(Output):
    """Whether the caller has the feature."""

    model_config = ConfigDict(json_schema_extra=examples({"name": "waitlist.offers", "enabled": True}))

    name: str = Field(description="Name by which programs ask for the feature.")
    enabled: bool = Field(description="Whether the feature is on for the caller.")


class StepWrite(Input):
    """One step: the share, and for how many minutes it is watched before the next."""

    percentage: Percentage = Field(description="Share of the subjects for which the feature is on, in percent.")
    watch_minutes: Annotated[int, Field(ge=1, le=60 * 24 * 30)] = Field(
        description="Minutes that the rollout watches this step.",
    )


class RolloutCreate(Input):
    """How a share grows. ``limits``: how many of each measure may come within one step; one more stops the rollout and
    gives the flag back the share that it had before."""

    model_config = ConfigDict(json_schema_extra=examples(_PLAN))

    steps: Annotated[tuple[StepWrite, ...], Field(min_length=1, max_length=MAX_STEPS)] = Field(
        description="Shares that the rollout reaches one after the other.",
    )
    limits: dict[Measure, Annotated[int, Field(ge=0, le=1_000_000)]] = Field(
        description="Largest number of each measure within one step; one more stops the rollout.",
    )

    def plan(self) -> RolloutPlan:
        """As the domain has it."""
        steps = (Step(_share(each.percentage), timedelta(minutes=each.watch_minutes)) for each in self.steps)
        return RolloutPlan(tuple(steps), self.limits)


class StepRead(Output):
    """One step."""

    percentage: float = Field(description="Share of the subjects for which the feature is on, in percent.")
    watch_minutes: float = Field(description="Minutes that the rollout watches this step.")


class RolloutRead(RecordRead):
    """A rollout. ``step`` counts from 1; 0: none has begun. ``reason`` says why it ended: the measures that went over
    their limits, or the admin who stopped it."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "id": _FLAG["id"],
                "flag_id": _FLAG["id"],
                "status": "running",
                **_PLAN,
                "step": 1,
                "step_began_at": "2026-11-21T11:00:00+09:00",
                "ended_at": None,
                "reason": {},
                "created_at": "2026-11-21T11:00:00+09:00",
            }
        )
    )

    flag_id: UUID = Field(description="Id of the feature flag (UUID).")
    status: RolloutStatus = Field(description="Present status.")
    steps: list[StepRead] = Field(description="Shares that the rollout reaches one after the other.")
    limits: dict[Measure, int] = Field(
        description="Largest number of each measure within one step; one more stops the rollout.",
    )
    step: int = Field(description="Number of the present step, from 0.")
    step_began_at: datetime | None = Field(description="When the present step began, RFC 3339; null before the first.")
    ended_at: datetime | None = Field(description="When it ended, RFC 3339; null while it runs.")
    reason: dict[str, str | int] = Field(description="Why the rollout ended early; null otherwise.")

    @classmethod
    def of(cls, row: RolloutRow) -> Self:
        """A stored rollout."""
        return cls(
            id=row.id,
            flag_id=row.flag_id,
            status=row.status,
            steps=[
                StepRead(percentage=step.share / 100, watch_minutes=step.watch_for.total_seconds() / 60)
                for step in row.plan.steps
            ],
            limits=dict(row.plan.limits),
            step=row.step,
            step_began_at=row.step_began_at,
            ended_at=row.ended_at,
            reason=dict(row.reason),
            created_at=row.created_at,
        )


def _share(percentage: Decimal) -> int:
    return int(percentage * 100)
