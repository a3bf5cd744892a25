"""Names of movements. A name is the key in the ledger and the idempotency key at the provider, so that our own record
of a movement and the provider's event about it are one row.
"""

from uuid import UUID

from domain.payments.status import Movement

_SURPLUS = ":surplus"
_OTHER_CARD = ":other-card"


def by_command(payment_id: UUID, movement: Movement, command_id: str) -> str:
    """A capture or void that a command asked for."""
    return f"{payment_id}:{movement.value}:{command_id}"


def by_provider(payment_id: UUID, movement: Movement, total: int) -> str:
    """What the provider did without being asked by a command: the customer's authorization, the automatic capture,
    an intent that was cancelled at the provider. ``total`` is what has been moved that way since the beginning: a
    total is reached once, however often it is reported."""
    return f"{payment_id}:{movement.value}:to-{total}"


def of_surplus(movement_id: str) -> str:
    """The void of the intent that is not needed any more after an authorization was replaced by ``movement_id``."""
    return f"{movement_id}{_SURPLUS}"


def is_surplus(movement_id: str) -> bool:
    """Whether the movement is about an intent that is no longer its payment's own."""
    return movement_id.endswith(_SURPLUS)


def of_other_card(payment_id: UUID, secured_id: UUID) -> str:
    """The void of a payment that is not needed because of the new card of ``secured_id``; both are the same where the
    new card itself came too late."""
    return f"{payment_id}:{Movement.VOID.value}:{secured_id}{_OTHER_CARD}"


def is_other_card(movement_id: str) -> bool:
    """Whether the movement is the void of a payment beside the one that counts."""
    return movement_id.endswith(_OTHER_CARD)


def of_refund(payment_id: UUID, refund_id: UUID) -> str:
    """One row of ``refunds``, also where the refund was made at the provider by hand."""
    return f"{payment_id}:{Movement.REFUND.value}:{refund_id}"


def refund_in(movement_id: str) -> UUID:
    """The refund that a name made by ``of_refund`` is about."""
    return UUID(movement_id.rpartition(":")[2])


def of_dispute(payment_id: UUID, dispute_id: str) -> str:
    """One dispute: intended = opened, succeeded = the customer won, failed = it fell through and the money stays."""
    return f"{payment_id}:{Movement.DISPUTE.value}:{dispute_id}"


def metadata(payment_id: UUID, booking_id: UUID, business_id: UUID) -> dict[str, str]:
    """What an intent carries to the provider and back in its webhooks: ids only.

    Every creation of an intent for a payment uses exactly this: asking again with the payment's key finds the intent
    only when the whole request is the same.
    """
    return {"payment_id": str(payment_id), "booking_id": str(booking_id), "business_id": str(business_id)}
