"""A movement of money in progress: the request, and its result. Only ids and amounts."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.payments.status import Movement, PaymentStatus, Phase


@dataclass(frozen=True)
class MoneyTask:
    """One call to a provider, recorded in the ledger as intended before it is made.

    ``movement_id`` is the provider's idempotency key. ``amount`` in minor units; for a void it is what is given up.
    ``intent_id`` is None if the intent was requested but the answer was lost: a repeat with the payment's own key
    (``payment_id``) finds it. ``amount_due`` and ``manual_capture`` are the parameters of that intent. An authorization
    replaces the one of ``intent_id`` by a new intent on the same card. ``spares_money``: a void for an unpaid intent
    only; if it is paid or authorized by now, that is reported and it is not voided. ``account_id``: the business's own
    account at the provider; None: the platform's. ``checkout_id``: the provider's page where it is paid; without an
    ``intent_id`` that is what a void closes.
    """

    movement_id: str
    movement: Movement
    payment_id: UUID
    booking_id: UUID
    business_id: UUID
    provider: str
    intent_id: str | None
    amount: int
    currency: str
    amount_due: int
    manual_capture: bool
    spares_money: bool = False
    account_id: UUID | None = None
    checkout_id: str | None = None


@dataclass(frozen=True)
class MoneyResult:
    """The provider's answer to a ``MoneyTask``. Totals are the provider's own, in minor units; ``status`` is None when
    the result is not known (``phase`` unknown). ``intent_id`` is the new intent if it replaced another;
    ``authorized_until`` (aware UTC) is when its authorization expires; ``answer_by``: until then a refund waits for the
    customer's bank account."""

    movement_id: str
    phase: Phase
    status: PaymentStatus | None = None
    intent_id: str | None = None
    authorized: int = 0
    captured: int = 0
    refunded: int = 0
    provider_ref: str | None = None
    reason: str | None = None
    authorized_until: datetime | None = None
    answer_by: datetime | None = None


@dataclass(frozen=True)
class PaymentView:
    """A payment for a booking's workflow, in minor units. ``authorized_until`` (aware UTC) is when its authorization
    expires; None without one. ``voucher_until``: the last second in which its open voucher can be paid, and
    ``voucher_made_at``: since when there is one; None without one. ``card_due``: by when the customer has been asked
    for another card, in an answer that says so."""

    payment_id: UUID
    status: PaymentStatus
    amount: int
    authorized: int
    captured: int
    refunded: int
    manual_capture: bool
    authorized_until: datetime | None = None
    voucher_until: datetime | None = None
    voucher_made_at: datetime | None = None
    card_due: datetime | None = None
