"""A movement of money on its way: what was intended, and what became of it. Ids and amounts only."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.payments.status import Movement, PaymentStatus, Phase


@dataclass(frozen=True)
class MoneyTask:
    """One call that a provider must get, recorded in the ledger as intended before it is made.

    ``movement_id`` is the provider's idempotency key. ``amount`` in minor units; for a void it is what is given up.
    ``intent_id`` is None when the intent was asked for but its answer never arrived: asking again with the payment's
    own key (``payment_id``) finds it. ``amount_due`` and ``manual_capture`` are what that intent was asked with.
    An authorization replaces the one of ``intent_id`` by a new intent on the same card. ``spares_money``: a void that
    is only meant for an unpaid intent; one that is paid or authorized by now is reported and left alone.
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


@dataclass(frozen=True)
class MoneyResult:
    """What the provider said to a ``MoneyTask``. Totals are the provider's own, in minor units; ``status`` is None
    when nobody knows (``phase`` unknown). ``intent_id`` is the new intent where one took the place of another;
    ``authorized_until`` (aware UTC) is when its authorization lapses."""

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


@dataclass(frozen=True)
class PaymentView:
    """A payment as a booking's workflow sees it, in minor units. ``authorized_until`` (aware UTC) is when what the
    card promises lapses; None where nothing is promised."""

    payment_id: UUID
    status: PaymentStatus
    amount: int
    authorized: int
    captured: int
    refunded: int
    manual_capture: bool
    authorized_until: datetime | None = None
