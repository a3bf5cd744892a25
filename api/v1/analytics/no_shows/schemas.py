"""Schemas of the risk of no-shows. Risks and rates are from 0 to 1."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from api.http.fields import Output
from domain.analytics.no_shows import DECIMALS, Accuracy, Fact, Factor, Model, Visit


class FactorRead(Output):
    """How a fact of a booking changes the odds of a no-show."""

    fact: Annotated[Fact, Field(description="The fact.")]
    odds: Annotated[float, Field(description="2 doubles the odds of a no-show, 0.5 halves them.")]
    visits: Annotated[int, Field(description="On how many visits this rests.")]

    @classmethod
    def of(cls, factor: Factor) -> Self:
        """A factor of the model."""
        return cls(fact=factor.fact, odds=round(factor.odds, 2), visits=factor.visits)


class RiskRead(Output):
    """One confirmed booking."""

    booking_id: Annotated[UUID, Field(description="The booking.")]
    start_at: Annotated[datetime, Field(description="When it begins, RFC 3339.")]
    risk: Annotated[float, Field(description="The probability that the customer does not come, with four decimals.")]
    reasons: list[FactorRead] = Field(description="The factors of its facts, the strongest first.")

    @classmethod
    def of(cls, booking_id: UUID, visit: Visit, model: Model) -> Self:
        """The prediction of the model."""
        return cls(
            booking_id=booking_id,
            start_at=visit.start_at,
            risk=round(model.risk(visit), DECIMALS),
            reasons=[FactorRead.of(factor) for factor in model.reasons(visit)],
        )


class NoShowAccuracyRead(Output):
    """Mean squared errors of the risks of the visits of the last 28 days; smaller is better."""

    model: Annotated[float, Field(description="Of the model, with what was known before these days.")]
    same_as_last_week: Annotated[float, Field(description="Of the rate of the week before them.")]
    visits: Annotated[int, Field(description="How many visits were compared.")]

    @classmethod
    def of(cls, measured: Accuracy) -> Self:
        """As it was measured."""
        return cls(model=measured.model, same_as_last_week=measured.same_as_last_week, visits=measured.visits)


class NoShowsRead(Output):
    """What the visits of the last 26 weeks say about those of the next seven days."""

    rate: Annotated[float | None, Field(description="The share of no-shows; null with fewer than 30 visits.")]
    visits: Annotated[int, Field(description="On how many visits this rests.")]
    factors: list[FactorRead] = Field(description="All known factors, the highest odds first.")
    bookings: list[RiskRead] = Field(description="Of the next seven days, the highest risk first, 100 at most.")
    accuracy: Annotated[NoShowAccuracyRead | None, Field(description="Null where nothing can be compared yet.")]
