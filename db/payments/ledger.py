"""The append-only ledger of movements: what was intended, and the result. Rows are never changed."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from db.engine.store import Store
from domain.payments.status import Movement, Phase
from domain.payments.tasks import MoneyTask

_WRITE = text("""
    INSERT INTO payment_transactions (business_id, payment_id, movement_id, movement, phase, amount, currency,
                                      provider_ref, reason)
    VALUES (:business_id, :payment_id, :movement_id, :movement, :phase, :amount, :currency, :provider_ref, :reason)
    ON CONFLICT (movement_id, phase) DO NOTHING
""")
# "unknown" is not final: the movement may still succeed or fail.
_ASKED_FOR = text("""
    SELECT t.movement_id FROM payment_transactions t
     WHERE t.payment_id = :payment_id AND t.movement = :movement AND t.phase = 'intended'
       AND t.movement_id NOT LIKE '%\\:surplus'
       AND NOT EXISTS (SELECT 1 FROM payment_transactions o
                        WHERE o.movement_id = t.movement_id AND o.phase IN ('succeeded', 'failed'))
     ORDER BY t.id DESC LIMIT 1
""")
_INTENDED = text("""
    SELECT EXISTS (SELECT 1 FROM payment_transactions t
                    WHERE t.payment_id = :payment_id AND t.movement = :movement AND t.phase = 'intended'
                      AND t.movement_id NOT LIKE '%\\:surplus'
                      AND NOT EXISTS (SELECT 1 FROM payment_transactions o
                                       WHERE o.movement_id = t.movement_id AND o.phase = 'failed'))
""")
_GIVEN_UP = text("""
    SELECT EXISTS (SELECT 1 FROM payment_transactions t JOIN booking_payments p ON p.id = t.payment_id
                    WHERE p.booking_id = :booking_id AND t.movement = 'void' AND t.phase = 'intended'
                      AND t.movement_id NOT LIKE '%\\:surplus' AND t.movement_id NOT LIKE '%\\:other-card'
                      AND NOT EXISTS (SELECT 1 FROM payment_transactions o
                                       WHERE o.movement_id = t.movement_id AND o.phase = 'failed'))
""")
_DISPUTED = text("""
    SELECT EXISTS (
        SELECT 1 FROM payment_transactions t WHERE t.payment_id = :payment_id AND t.movement = 'dispute'
           AND NOT EXISTS (SELECT 1 FROM payment_transactions o
                            WHERE o.movement_id = t.movement_id AND o.phase = 'failed'))
""")


@dataclass(frozen=True, slots=True)
class Entry:
    """One row. ``amount`` in minor units."""

    business_id: UUID
    payment_id: UUID
    movement_id: str
    movement: Movement
    phase: Phase
    amount: int
    currency: str
    provider_ref: str | None = None
    reason: str | None = None

    @classmethod
    def of(cls, task: MoneyTask, phase: Phase) -> "Entry":
        """The row of a task."""
        return cls(
            task.business_id, task.payment_id, task.movement_id, task.movement, phase, task.amount, task.currency
        )


class LedgerStore(Store):
    """The caller of ``write`` holds the lock on the payment's booking."""

    async def write(self, entry: Entry) -> None:
        """Write one phase of one movement; an existing phase does not change."""
        await self.session.execute(
            _WRITE,
            {
                "business_id": entry.business_id,
                "payment_id": entry.payment_id,
                "movement_id": entry.movement_id,
                "movement": entry.movement.value,
                "phase": entry.phase.value,
                "amount": entry.amount,
                "currency": entry.currency,
                "provider_ref": entry.provider_ref,
                "reason": entry.reason,
            },
        )

    async def asked_for(self, payment_id: UUID, movement: Movement) -> str | None:
        """The newest movement of this kind that we intended and that has no result; movements of a replaced intent,
        which do not change the payment, are left out."""
        values = {"payment_id": payment_id, "movement": movement.value}
        found: str | None = await self.session.scalar(_ASKED_FOR, values)
        return found

    async def intended(self, payment_id: UUID, movement: Movement) -> bool:
        """Whether we have ever intended a movement of this kind that has not failed; those of a replaced intent are
        left out."""
        return bool(await self.session.scalar(_INTENDED, {"payment_id": payment_id, "movement": movement.value}))

    async def given_up(self, booking_id: UUID) -> bool:
        """Whether a payment of the booking is released, or is being released, by a command."""
        return bool(await self.session.scalar(_GIVEN_UP, {"booking_id": booking_id}))

    async def disputed(self, payment_id: UUID) -> bool:
        """Whether a dispute is open, or was lost."""
        return bool(await self.session.scalar(_DISPUTED, {"payment_id": payment_id}))
