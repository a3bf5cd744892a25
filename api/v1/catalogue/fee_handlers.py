"""Whether the payment provider accepts the card hold fees of a business's policies."""

from uuid import UUID

from api.http.operation_errors import raises
from db.catalogue.services import ServiceFilter
from db.engine.session import UnitOfWork
from domain.catalogue.amounts import check_fees
from domain.catalogue.cancellation import Policy
from domain.catalogue.service import ServiceTerms
from domain.errors import InvalidInput
from domain.money import Money
from domain.payments.status import PaymentMode
from providers.payments.registry import LIMITS

#: Services of one business that are checked.
MOST_SERVICES = 1000


@raises(InvalidInput)
async def check_card_hold_fees(work: UnitOfWork, business_id: UUID) -> None:
    """After a change of services or policies, in the same transaction. Raises InvalidInput for the first active service
    with a fee that is too small; ``services`` names it."""
    seller = await work.catalogue.get_seller(business_id)
    rows = await work.catalogue.list_services(ServiceFilter(business_id=business_id), None, MOST_SERVICES)
    for row, _ in rows:
        if row.policy is None or row.payment_mode != PaymentMode.CARD_HOLD:
            continue
        terms = ServiceTerms(
            row.currency,
            Money(row.price, row.currency),
            PaymentMode(row.payment_mode),
            row.deposit_percent,
            None,
            row.party_min,
            row.party_max,
            row.capacity,
        )
        try:
            check_fees(terms, Policy.from_json(row.policy), LIMITS[seller.payment_provider])
        except InvalidInput as error:
            raise InvalidInput({**error.details, "services": [str(row.id)]}) from error
