"""A business's own accounts at payment providers."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from api.access.callers import Access, Now, Services
from api.access.permissions import may
from api.http import routing
from api.http.envelope import Envelope, ListEnvelope, SuccessMessage, ok
from api.http.idempotency import OptionalKey
from api.http.operation_errors import raises
from api.http.paging import PageAsked
from api.http.rate_limits import RateClass, limited
from api.v1.payments.accounts.handlers import exchange_secrets, open_account
from api.v1.payments.accounts.schemas import PaymentAccountCreate, PaymentAccountRead, PaymentAccountUpdate
from domain.payments.permissions import PaymentAction

router = routing.router("/payment-accounts", tags=["payments"])

MaySet = Annotated[Access, Depends(may(PaymentAction.SET_ACCOUNT, "business"))]
MayChange = Annotated[Access, Depends(may(PaymentAction.SET_ACCOUNT, "payment_accounts"))]


@router.post("", status_code=201, summary="Create a payment account", response_model=Envelope[PaymentAccountRead])
@limited(RateClass.PAYMENT)
async def create_payment_account(
    body: PaymentAccountCreate, access: MaySet, services: Services, now: Now, key: OptionalKey
) -> Response:
    """New payments at this provider are opened at this account from now on. A former account keeps its payments: they
    are captured and refunded there. The secrets are stored encrypted and never shown."""
    return await open_account(services, access, body, key, now)


@router.get("", summary="List payment accounts", response_model=ListEnvelope[PaymentAccountRead])
async def list_payment_accounts(
    business_id: Annotated[UUID, Query()], access: MaySet, services: Services, page: PageAsked
) -> Response:
    """The newest first, replaced ones too."""
    async with access.work(business_id) as work:
        rows = await work.payments.accounts.list_(business_id, page.after_id, page.fetch)
    public_url = services.settings.public_url
    return page.answer(rows, lambda row: PaymentAccountRead.of(row, public_url), lambda row: (row.id,))


@router.put("/{account_id}", summary="Update a payment account", response_model=Envelope[PaymentAccountRead])
@raises(exchange_secrets)
@limited(RateClass.PAYMENT)
async def update_payment_account(
    account_id: UUID, body: PaymentAccountUpdate, access: MayChange, services: Services
) -> Response:
    """Other secrets of the same account; what is left out does not change. For another account, create one.
    `rule_broken` if the stored secrets cannot be decrypted any more and not all three are given."""
    return await exchange_secrets(services, access, account_id, body)


@router.delete("/{account_id}", summary="Delete a payment account", response_model=Envelope[PaymentAccountRead])
async def delete_payment_account(account_id: UUID, access: MayChange, services: Services, now: Now) -> Response:
    """New payments are opened at the platform's account again. The account stays for its own payments."""
    async with access.work(account_id) as work:
        row = await work.payments.accounts.retire(account_id, now)
    return ok(PaymentAccountRead.of(row, services.settings.public_url), SuccessMessage.DELETED)
