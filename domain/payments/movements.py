"""Ids of movements. The id is the key in the ledger and the idempotency key at the provider, so that our own record of
a movement and the provider's event about it are one row.
"""

from uuid import UUID

from domain.payments.status import Movement

_SURPLUS = ":surplus"
_OTHER_CARD = ":other-card"


def by_command(payment_id: UUID, movement: Movement, command_id: str) -> str:
    """A capture or void that a command asked for."""
    return f"{payment_id}:{movement.value}:{command_id}"


def by_provider(payment_id: UUID, movement: Movement, total: int) -> str:
    """A movement that no command asked for: the customer's authorization, the automatic capture, an intent that was
    cancelled at the provider. ``total`` is the sum that was moved in this way so far; each total is reached once, even
    if it is reported several times."""
    return f"{payment_id}:{movement.value}:to-{total}"


def of_surplus(movement_id: str) -> str:
    """The void of the intent that is no longer needed after ``movement_id`` has replaced its authorization."""
    return f"{movement_id}{_SURPLUS}"


def is_surplus(movement_id: str) -> bool:
    """Whether the movement concerns an intent that is no longer its payment's own."""
    return movement_id.endswith(_SURPLUS)


def of_other_card(payment_id: UUID, secured_id: UUID) -> str:
    """The void of a payment that the new card of ``secured_id`` has replaced; both ids are the same if the new card
    itself came too late."""
    return f"{payment_id}:{Movement.VOID.value}:{secured_id}{_OTHER_CARD}"


def is_other_card(movement_id: str) -> bool:
    """Whether the movement is the void of a payment other than the current one."""
    return movement_id.endswith(_OTHER_CARD)


def of_refund(payment_id: UUID, refund_id: UUID) -> str:
    """One row of ``refunds``, also for a refund that was made in the provider's dashboard."""
    return f"{payment_id}:{Movement.REFUND.value}:{refund_id}"


def refund_in(movement_id: str) -> UUID:
    """The id of the refund in a movement id from ``of_refund``."""
    return UUID(movement_id.rpartition(":")[2])


def of_dispute(payment_id: UUID, dispute_id: str) -> str:
    """One dispute: intended = opened, succeeded = the customer won, failed = the customer lost and the money stays."""
    return f"{payment_id}:{Movement.DISPUTE.value}:{dispute_id}"


def evidence_key(dispute_id: UUID) -> str:
    """The idempotency key with which the evidence about a dispute is sent."""
    return f"dispute:{dispute_id}:evidence"


def metadata(payment_id: UUID, booking_id: UUID, business_id: UUID) -> dict[str, str]:
    """The metadata of an intent, which the provider returns in its webhooks: only ids.

    Every call that creates the intent of a payment uses exactly this metadata: a repeat with the payment's key finds
    the intent only if the whole request is the same.
    """
    return {"payment_id": str(payment_id), "booking_id": str(booking_id), "business_id": str(business_id)}
