"""Refunds that have succeeded, with all that their record writes."""

from uuid import UUID

from db.engine.session import Database
from tests.support.data import one_transaction, rows


async def refund_all(database: Database, payment_id: UUID) -> None:
    """A refund over all that was captured, which succeeded."""
    async with one_transaction(database):
        [made] = await rows(
            database,
            """INSERT INTO refunds (business_id, payment_id, booking_id, amount, currency, reason, command_id)
               SELECT business_id, id, booking_id, captured, currency, 'provider', 'all'
                 FROM booking_payments WHERE id = :id RETURNING id""",
            id=payment_id,
        )
        await succeed_refund(database, made["id"])


async def succeed_refund(database: Database, refund_id: UUID | None) -> None:
    """What the record of a refund that succeeded writes: its status, the ledger, the payment's total."""
    async with one_transaction(database):
        await rows(database, "UPDATE refunds SET status = 'succeeded' WHERE id = :id", id=refund_id)
        await rows(
            database,
            """INSERT INTO payment_transactions (business_id, payment_id, movement_id, movement, phase, amount,
                                                 currency)
               SELECT business_id, payment_id, payment_id || ':refund:' || id, 'refund', 'succeeded', amount, currency
                 FROM refunds WHERE id = :id""",
            id=refund_id,
        )
        await rows(
            database,
            """UPDATE booking_payments p
                  SET refunded = p.refunded + r.amount,
                      status = CASE WHEN p.refunded + r.amount = p.captured THEN 'refunded'
                                    ELSE 'partially_refunded' END
                 FROM refunds r WHERE r.id = :id AND p.id = r.payment_id""",
            id=refund_id,
        )
