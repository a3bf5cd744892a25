"""What a cancellation costs."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from api.http.fields import Bilingual, BilingualRead, Changes, Input, Output, examples
from api.v1.catalogue.services.schemas import TierRead
from db.catalogue.catalogue import PolicyRow
from domain.catalogue.cancellation import Policy, Tier

_ID = "019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58"
_WRITTEN = {
    "name": {"ja": "標準", "en": "Standard"},
    "tiers": [
        {"hours_before": 48, "penalty_percent": 0},
        {"hours_before": 24, "penalty_percent": 50},
        {"hours_before": 0, "penalty_percent": 100},
    ],
    "no_show_percent": 100,
    "is_default": True,
}


class TierWrite(Input):
    """Until ``hours_before`` the start, that moment included, a cancellation costs ``penalty_percent``."""

    hours_before: int = Field(ge=0, le=8760)
    penalty_percent: int = Field(ge=0, le=100)


Tiers = Annotated[list[TierWrite], Field(max_length=10)]
Percent = Annotated[int, Field(ge=0, le=100)]


class PolicyCreate(Input):
    """A new policy, tiers from the furthest from the start to the nearest. Without tiers cancelling is free. The first
    policy of a business is its default."""

    model_config = ConfigDict(json_schema_extra=examples({"business_id": _ID, **_WRITTEN}))

    business_id: UUID
    name: Bilingual
    tiers: Tiers
    no_show_percent: Percent = 100
    is_default: bool = False

    def columns(self) -> dict[str, Any]:
        """As the database keeps it. Raises InvalidInput for tiers out of order."""
        return {
            "name": self.name.stored(),
            "tiers": _tiers(self.tiers),
            "no_show_percent": self.no_show_percent,
            "is_default": self.is_default,
        }


class PolicyUpdate(Changes):
    """What is to be different. Bookings that stand keep the tiers they were made with. A new default takes over from
    the former."""

    model_config = ConfigDict(json_schema_extra=examples({"no_show_percent": 80}))

    name: Bilingual | None = None
    tiers: Tiers | None = None
    no_show_percent: Percent | None = None
    is_default: bool | None = None

    def columns(self) -> dict[str, Any]:
        """The columns that change. Raises InvalidInput for tiers out of order."""
        columns = {name: getattr(self, name) for name in self.model_fields_set - {"name", "tiers"}}
        if self.name is not None:
            columns["name"] = self.name.stored()
        if self.tiers is not None:
            columns["tiers"] = _tiers(self.tiers)
        return columns


def _tiers(written: list[TierWrite]) -> list[dict[str, int]]:
    policy = Policy(tuple(Tier(tier.hours_before, tier.penalty_percent) for tier in written), 0)
    stored: list[dict[str, int]] = policy.to_json()["tiers"]
    return stored


class PolicyRead(Output):
    """A policy."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                **_WRITTEN,
                "id": "019a0c5e-ac32-7f60-9e33-205d9c704fb2",
                "business_id": _ID,
                "name": {"ja": "標準", "en": "Standard", "text": "Standard"},
                "created_at": "2026-11-21T01:30:00Z",
                "updated_at": "2026-11-21T01:30:00Z",
            }
        )
    )

    id: UUID
    business_id: UUID
    name: BilingualRead
    tiers: list[TierRead]
    no_show_percent: int
    is_default: bool
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: PolicyRow) -> Self:
        """A stored policy."""
        return cls.model_validate(
            {name: getattr(row, name) for name in cls.model_fields} | {"name": BilingualRead.of(row.name)}
        )
