"""Schemas of cancellation policies."""

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from api.http.fields import BilingualNameWrite, BilingualRead, ChangedRecordRead, Changes, Input, examples
from api.v1.catalogue.services.schemas import MoveRulesRead, TierRead
from db.catalogue.catalogue import PolicyRow
from domain.catalogue.cancellation import MAX_HOURS, MAX_KEPT_DAYS, MAX_MOVES, MoveRules, PaidTierMove, Policy, Tier

_ID = "019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58"
_WRITTEN = {
    "name": {"ja": "標準", "en": "Standard"},
    "tiers": [
        {"hours_before": 48, "penalty_percent": 0},
        {"hours_before": 24, "penalty_percent": 50},
        {"hours_before": 0, "penalty_percent": 100},
    ],
    "no_show_percent": 100,
    "moves": {"max_moves": 3, "hours_before": 24, "in_paid_tier": "keep_penalty", "penalty_kept_days": None},
    "is_default": True,
}


class TierWrite(Input):
    """Until ``hours_before`` the start, that moment included, a cancellation costs ``penalty_percent``."""

    hours_before: int = Field(ge=0, le=8760, description="Hours before the start.")
    penalty_percent: int = Field(
        ge=0,
        le=100,
        description="Percent of the price that a cancellation costs from then on.",
    )


Tiers = Annotated[list[TierWrite], Field(max_length=10)]
Percent = Annotated[int, Field(ge=0, le=100)]


class MoveRulesWrite(Input):
    """When a customer may move a booking. Those who work in the business may always move it."""

    max_moves: int | None = Field(
        default=3, ge=0, le=MAX_MOVES, description="How often a customer may move one booking; null: without a limit."
    )
    hours_before: int = Field(
        default=0, ge=0, le=MAX_HOURS, description="A customer moves no later than so many hours before the start."
    )
    in_paid_tier: PaidTierMove = Field(
        default=PaidTierMove.KEEP_PENALTY,
        description="While cancelling costs something: `keep_penalty` allows the move and a later cancellation costs "
        "at least as much; `refuse` refuses the move.",
    )
    penalty_kept_days: int | None = Field(
        default=None,
        ge=1,
        le=MAX_KEPT_DAYS,
        description="How many days after a move its penalty is remembered; null: until the booking ends.",
    )

    def stored(self) -> dict[str, Any]:
        """As the database keeps it."""
        return MoveRules(self.max_moves, self.hours_before, self.in_paid_tier, self.penalty_kept_days).to_json()


class PolicyCreate(Input):
    """A new policy, tiers from the furthest from the start to the nearest. Without tiers cancelling is free. The first
    policy of a business is its default."""

    model_config = ConfigDict(json_schema_extra=examples({"business_id": _ID, **_WRITTEN}))

    business_id: UUID = Field(description="Id of the business (UUID).")
    name: BilingualNameWrite = Field(description="Name in Japanese, English or both.")
    tiers: Tiers = Field(description="What a cancellation costs, by hours before the start.")
    no_show_percent: Percent = Field(default=100, description="Percent of the price that a no-show costs.")
    moves: MoveRulesWrite = Field(
        default=MoveRulesWrite(),
        description="When and how often the customer may move the booking.",
    )
    is_default: bool = Field(default=False, description="Whether it is the policy of services that name none.")

    def columns(self) -> dict[str, Any]:
        """As the database keeps it. Raises InvalidInput for tiers out of order."""
        return {
            "name": self.name.stored(),
            "tiers": _tiers(self.tiers),
            "no_show_percent": self.no_show_percent,
            "moves": self.moves.stored(),
            "is_default": self.is_default,
        }


class PolicyUpdate(Changes):
    """The fields to change. Bookings that stand keep the tiers they were made with. A new default takes over from
    the former."""

    model_config = ConfigDict(json_schema_extra=examples({"no_show_percent": 80}))

    name: BilingualNameWrite | None = Field(default=None, description="Name in Japanese, English or both.")
    tiers: Tiers | None = Field(default=None, description="What a cancellation costs, by hours before the start.")
    no_show_percent: Percent | None = Field(default=None, description="Percent of the price that a no-show costs.")
    moves: MoveRulesWrite | None = Field(
        default=None,
        description="When and how often the customer may move the booking.",
    )
    is_default: bool | None = Field(default=None, description="Whether it is the policy of services that name none.")

    def columns(self) -> dict[str, Any]:
        """The columns that change. Raises InvalidInput for tiers out of order."""
        columns = {name: getattr(self, name) for name in self.model_fields_set - {"name", "tiers", "moves"}}
        if self.name is not None:
            columns["name"] = self.name.stored()
        if self.tiers is not None:
            columns["tiers"] = _tiers(self.tiers)
        if self.moves is not None:
            columns["moves"] = self.moves.stored()
        return columns


def _tiers(written: list[TierWrite]) -> list[dict[str, int]]:
    policy = Policy(tuple(Tier(tier.hours_before, tier.penalty_percent) for tier in written), 0)
    stored: list[dict[str, int]] = policy.to_json()["tiers"]
    return stored


class PolicyRead(ChangedRecordRead):
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

    business_id: UUID = Field(description="Id of the business (UUID).")
    name: BilingualRead = Field(description="Name in Japanese, English or both.")
    tiers: list[TierRead] = Field(description="What a cancellation costs, by hours before the start.")
    no_show_percent: int = Field(description="Percent of the price that a no-show costs.")
    moves: MoveRulesRead = Field(description="When and how often the customer may move the booking.")
    is_default: bool = Field(description="Whether it is the policy of services that name none.")

    @classmethod
    def of(cls, row: PolicyRow) -> Self:
        """A stored policy."""
        return cls.model_validate(
            {name: getattr(row, name) for name in cls.model_fields}
            | {"name": BilingualRead.of(row.name), "moves": MoveRules.from_json(row.moves).to_json()}
        )
