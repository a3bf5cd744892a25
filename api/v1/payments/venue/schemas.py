"""Requests and answers of payments at the venue and of tills."""

from datetime import date, datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from api.http.fields import Input, MoneyRead, MoneyWrite, Output, RecordRead, examples
from db.payments.venue import MethodSum, PersonReport, TillState, VenueEntry
from domain.payments.venue import CorrectionReason, VenueKind, VenueMethod

_ENTRY = "019a0c63-2a3b-7d50-9e7c-9f1a6b3c5e09"
_BOOKING = "019a0c5f-1c2d-7e30-9b5a-7d9e4f1a3c04"
_BUSINESS = "019a0c5e-8c00-7b10-9e2d-4a6b1c8d0f01"
_USER = "019a0c5e-1111-7b10-9e2d-4a6b1c8d0f11"
_YEN = {"amount": 5280, "currency": "JPY"}
_ENTRY_ROW: dict[str, Any] = {
    "id": _ENTRY,
    "business_id": _BUSINESS,
    "booking_id": _BOOKING,
    "kind": "payment",
    "method": "cash",
    "amount": _YEN,
    "day": "2026-11-24",
    "taken_by": _USER,
    "corrects": None,
    "reason": None,
    "corrected_by": None,
    "created_at": "2026-11-24T03:00:00Z",
}
_TILL: dict[str, Any] = {
    "day": "2026-11-24",
    "user_id": _USER,
    "opening": {"amount": 30000, "currency": "JPY"},
    "opened_at": "2026-11-24T00:50:00Z",
    "closed_at": "2026-11-24T10:10:00Z",
    "counted": {"amount": 35180, "currency": "JPY"},
    "expected": {"amount": 35280, "currency": "JPY"},
    "difference": {"amount": -100, "currency": "JPY"},
}


class VenuePaymentCreate(Input):
    """``amount`` left out: all that is left to pay, or all that was paid."""

    model_config = ConfigDict(json_schema_extra=examples({"booking_id": _BOOKING, "method": "cash", "amount": _YEN}))

    booking_id: UUID = Field(description="Id of the booking (UUID).")
    kind: Literal[VenueKind.PAYMENT, VenueKind.REFUND] = Field(
        default=VenueKind.PAYMENT, description="Whether money was taken or given back."
    )
    method: VenueMethod = Field(description="Cash, the business's own card terminal, or another way.")
    amount: MoneyWrite | None = Field(
        default=None,
        description="How much; left out, all that is left to pay or, for a refund, all that was paid at the venue.",
    )


class VenueCorrectionCreate(Input):
    """The entry as it should have been. ``amount`` 0: it should not be there."""

    model_config = ConfigDict(
        json_schema_extra=examples({"amount": {"amount": 2580, "currency": "JPY"}, "reason": "amount"})
    )

    amount: MoneyWrite = Field(description="The right amount; 0 reverts the entry.")
    method: VenueMethod | None = Field(default=None, description="The right method; left out, the recorded one.")
    reason: CorrectionReason = Field(description="What was wrong.")


class TillOpenCommand(Input):
    """Opens the caller's till of today."""

    model_config = ConfigDict(
        json_schema_extra=examples({"business_id": _BUSINESS, "opening": {"amount": 30000, "currency": "JPY"}})
    )

    business_id: UUID = Field(description="Id of the business (UUID).")
    opening: MoneyWrite = Field(description="The cash that is in the till at the start.")


class TillCloseCommand(Input):
    """Closes the caller's open till."""

    model_config = ConfigDict(
        json_schema_extra=examples({"business_id": _BUSINESS, "counted": {"amount": 35180, "currency": "JPY"}})
    )

    business_id: UUID = Field(description="Id of the business (UUID).")
    counted: MoneyWrite = Field(description="The cash that was counted in the till.")


class VenuePaymentRead(RecordRead):
    """One entry. Entries never change: a correction reverts one with a ``reversal``, and records it again."""

    model_config = ConfigDict(json_schema_extra=examples(_ENTRY_ROW))

    business_id: UUID = Field(description="Id of the business (UUID).")
    booking_id: UUID = Field(description="Id of the booking (UUID).")
    kind: VenueKind = Field(description="Payment, refund, or the reversal of another entry.")
    method: VenueMethod = Field(description="Cash, the business's own card terminal, or another way.")
    amount: MoneyRead = Field(description="Positive where money was taken, negative where it went out.")
    day: date = Field(description="Day of the till, from 5 o'clock to 5 o'clock on the venue's clock.")
    taken_by: UUID = Field(description="Id of the person in whose till it counts (UUID).")
    corrects: UUID | None = Field(description="Id of the entry that it corrects (UUID); null otherwise.")
    reason: CorrectionReason | None = Field(description="Why that entry is corrected; null otherwise.")
    corrected_by: UUID | None = Field(description="Id of the person who corrects it (UUID); null otherwise.")

    @classmethod
    def of(cls, entry: VenueEntry) -> Self:
        """A stored entry."""
        return cls(
            id=entry.id,
            business_id=entry.business_id,
            booking_id=entry.booking_id,
            kind=entry.kind,
            method=entry.method,
            amount=MoneyRead(amount=entry.amount, currency=entry.currency),
            day=entry.day,
            taken_by=entry.taken_by,
            corrects=entry.corrects,
            reason=entry.reason,
            corrected_by=entry.corrected_by,
            created_at=entry.created_at,
        )


class VenueCorrectionRead(Output):
    """The entries that a correction has made: the reversal, and the right one unless its amount is 0."""

    model_config = ConfigDict(json_schema_extra=examples({"entries": [_ENTRY_ROW]}))

    entries: list[VenuePaymentRead] = Field(description="The new entries.")


class TillRead(Output):
    """The till of one person on one day. The last three are null while it is open."""

    model_config = ConfigDict(json_schema_extra=examples(_TILL))

    day: date = Field(description="Day of the till, from 5 o'clock to 5 o'clock on the venue's clock.")
    user_id: UUID = Field(description="Id of the person (UUID).")
    opening: MoneyRead = Field(description="The cash that was in it at the start.")
    opened_at: datetime = Field(description="When it was opened, RFC 3339.")
    closed_at: datetime | None = Field(description="When it was closed, RFC 3339; null while it is open.")
    counted: MoneyRead | None = Field(description="The cash that was counted at the closing.")
    expected: MoneyRead | None = Field(description="The cash that should have been in it.")
    difference: MoneyRead | None = Field(description="`counted` less `expected`: negative where cash is missing.")

    @classmethod
    def of(cls, till: TillState) -> Self:
        """A stored till."""

        def money(amount: int | None) -> MoneyRead | None:
            return None if amount is None else MoneyRead(amount=amount, currency=till.currency)

        closed = till.counted is not None and till.expected is not None
        return cls(
            day=till.day,
            user_id=till.user_id,
            opening=MoneyRead(amount=till.opening, currency=till.currency),
            opened_at=till.opened_at,
            closed_at=till.closed_at,
            counted=money(till.counted),
            expected=money(till.expected),
            difference=money((till.counted or 0) - (till.expected or 0)) if closed else None,
        )


class TillMethodRead(Output):
    """What one person took by one method. ``taken - returned + corrected = net``."""

    method: VenueMethod = Field(description="Cash, the business's own card terminal, or another way.")
    entries: int = Field(description="Number of entries.")
    taken: MoneyRead = Field(description="Payments.")
    returned: MoneyRead = Field(description="Refunds.")
    corrected: MoneyRead = Field(description="What the corrections of this day add, or take away (negative).")
    net: MoneyRead = Field(description="What is left of it.")

    @classmethod
    def of(cls, one: MethodSum, currency: str) -> Self:
        """A sum of the day."""

        def money(amount: int) -> MoneyRead:
            return MoneyRead(amount=amount, currency=currency)

        amounts = (money(one.taken), money(one.returned), money(one.corrected), money(one.net))
        taken, returned, corrected, net = amounts
        return cls(method=one.method, entries=one.entries, taken=taken, returned=returned, corrected=corrected, net=net)


class TillPersonRead(Output):
    """One person's day."""

    user_id: UUID = Field(description="Id of the person (UUID).")
    till: TillRead | None = Field(description="The person's till; null for somebody who opened none.")
    methods: list[TillMethodRead] = Field(description="What the person took, by method.")
    expected_cash: MoneyRead = Field(
        description="The cash that the till must hold: its opening and the net cash since."
    )


class TillReportRead(Output):
    """A day's money at the venue, by person."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "day": "2026-11-24",
                "people": [
                    {
                        "user_id": _USER,
                        "till": _TILL,
                        "methods": [
                            {
                                "method": "cash",
                                "entries": 1,
                                "taken": _YEN,
                                "returned": {"amount": 0, "currency": "JPY"},
                                "corrected": {"amount": 0, "currency": "JPY"},
                                "net": _YEN,
                            }
                        ],
                        "expected_cash": {"amount": 35280, "currency": "JPY"},
                    }
                ],
            }
        )
    )

    day: date = Field(description="Day of the till, from 5 o'clock to 5 o'clock on the venue's clock.")
    people: list[TillPersonRead] = Field(description="Everybody who took money or opened a till on that day.")

    @classmethod
    def of(cls, day: date, currency: str, people: list[PersonReport]) -> Self:
        """The report of a day."""
        return cls(
            day=day,
            people=[
                TillPersonRead(
                    user_id=one.user_id,
                    till=TillRead.of(one.till) if one.till else None,
                    methods=[TillMethodRead.of(each, currency) for each in one.sums],
                    expected_cash=MoneyRead(amount=one.expected, currency=currency),
                )
                for one in people
            ],
        )
