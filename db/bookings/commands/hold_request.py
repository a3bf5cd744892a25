"""The request for a hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.bookings.contact import Contact
from domain.bookings.limits import MAX_OPEN_HOLDS
from domain.errors import InvalidInput
from domain.money import Money
from domain.payments.limits import ProviderLimits


@dataclass(frozen=True, slots=True)
class ItemRequest:
    """One service of a booking, and the resources that are preferred for it; may be none. ``named``: those of them that
    the customer asked for, where it is not all; an offer of the waitlist has its own."""

    service_id: UUID
    resource_ids: tuple[UUID, ...] = ()
    named: tuple[UUID, ...] | None = None


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """A customer, services and a start. ``start_at`` aware; ``items`` one after the other.

    Exactly one of ``user_id`` (books for himself), ``customer_id`` (staff, for a known customer) and ``person``
    (a guest, or staff for somebody new). ``by_staff``: no lead time, no approval, and money only if
    ``request_payment``. ``expected_price``: the price that the caller was shown. ``network_limit``: unpaid bookings
    that unproven callers of one network may have. ``is_proven``: the caller has proven the address before.
    ``limits``: those of each payment provider; None where it is not checked.
    ``is_provisional``: staff hold the time until the customer has answered, at ``answer_by`` at the latest (None: as
    long as the business allows). ``is_walk_in``: the customer is there, so ``start_at`` may be any minute and is now.
    ``overbook_reason``: why a manager takes the time even if it is not free; None: only free time.
    ``sms_is_on``: the platform can send the proof of a number.
    """

    items: tuple[ItemRequest, ...]
    start_at: datetime
    party_size: int = 1
    user_id: UUID | None = None
    customer_id: UUID | None = None
    person: Contact | None = None
    by_staff: bool = False
    request_payment: bool = False
    special_requests: str | None = None
    language: str = "ja"
    expected_price: Money | None = None
    network_limit: int = MAX_OPEN_HOLDS
    is_proven: bool = False
    limits: Mapping[str, ProviderLimits] | None = None
    is_provisional: bool = False
    answer_by: datetime | None = None
    is_walk_in: bool = False
    overbook_reason: str | None = None
    sms_is_on: bool = False

    def __post_init__(self) -> None:
        if sum(one is not None for one in (self.user_id, self.customer_id, self.person)) != 1:
            raise InvalidInput({"fields": [{"field": "customer", "rule": "exactly_one"}]})

    @property
    def service_ids(self) -> list[UUID]:
        """The services in their order."""
        return [item.service_id for item in self.items]

    @property
    def preferred(self) -> list[list[UUID]]:
        """The preferred resources of each service."""
        return [list(item.resource_ids) for item in self.items]

    @property
    def named(self) -> list[list[UUID]]:
        """The resources of each service that the customer asked for."""
        return [list(item.resource_ids if item.named is None else item.named) for item in self.items]
