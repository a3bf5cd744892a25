"""Quotes for cancelling or moving a booking."""

from datetime import datetime

from pydantic import ConfigDict, Field

from api.http.fields import MoneyRead, Output, examples


class QuoteRead(Output):
    """What cancelling now would cost the caller. ``percent`` is the policy's. ``penalty``, ``refunding`` and
    ``released`` add up to what was paid or authorized online; the answer of the cancellation has the same three."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "penalty": {"amount": 3300, "currency": "JPY"},
                "refunding": {"amount": 3300, "currency": "JPY"},
                "released": {"amount": 0, "currency": "JPY"},
                "percent": 50,
                "at": "2026-11-23T10:00:00+09:00",
            }
        )
    )

    penalty: MoneyRead = Field(description="What a cancellation would cost at `at`.")
    refunding: MoneyRead = Field(description="What of the captured money goes back.")
    released: MoneyRead = Field(description="What of an authorization (a card hold) is given up without being taken.")
    percent: int = Field(description="Percent of the price that applies at `at`.")
    at: datetime = Field(description="The time for which the quote is calculated, RFC 3339 with the venue's offset.")


class RescheduleQuoteRead(Output):
    """The terms on which the caller may move the booking now. The price does not change."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "needs_approval": False,
                "moves_left": 2,
                "latest_at": "2026-11-23T10:00:00+09:00",
                "kept_penalty": {"amount": 3300, "currency": "JPY"},
                "kept_penalty_percent": 50,
                "kept_penalty_until": None,
                "at": "2026-11-23T09:00:00+09:00",
            }
        )
    )

    needs_approval: bool = Field(
        description="The business approved the present time, so the moved booking waits for approval again. The "
        "present time is released by the move: if the business declines the new one, the customer has neither."
    )
    moves_left: int | None = Field(description="How often it may be moved after this move; null: without a limit.")
    latest_at: datetime | None = Field(description="Until when it may be moved, RFC 3339; null: no limit for staff.")
    kept_penalty: MoneyRead = Field(description="What a cancellation after the move costs at least.")
    kept_penalty_percent: int = Field(description="The same in percent of the price.")
    kept_penalty_until: datetime | None = Field(description="Until when it applies, RFC 3339; null: for good.")
    at: datetime = Field(description="The time for which the quote is calculated, RFC 3339.")
