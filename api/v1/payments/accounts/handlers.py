"""Setting and exchanging the secrets of an account."""

from datetime import datetime
from uuid import UUID

from starlette.responses import Response

from api.access.callers import Access, ApiServices
from api.http.envelope import SuccessMessage, created, ok
from api.http.idempotency import Key, store_response
from api.v1.payments.accounts.schemas import PaymentAccountCreate, PaymentAccountRead, PaymentAccountUpdate
from domain.payments.accounts import exchanged


async def open_account(
    services: ApiServices, access: Access, body: PaymentAccountCreate, key: Key | None, now: datetime
) -> Response:
    """The account without its secrets; 201."""
    async with access.work(body.business_id, key) as work:
        ring = services.tokens.ring
        row = await work.payments.accounts.add(body.business_id, body.provider, body.secrets(), ring, now)
        answer = created(PaymentAccountRead.of(row, services.settings.public_url))
        return await store_response(work, answer)


async def exchange_secrets(
    services: ApiServices, access: Access, account_id: UUID, body: PaymentAccountUpdate
) -> Response:
    """Other secrets of the same account. Raises Unsealable where the key of the stored ones is gone."""
    async with access.work(account_id) as work:
        row, ring = await work.payments.accounts.lock(account_id), services.tokens.ring
        secrets = exchanged(
            row.opened(ring),
            body.api_key.get_secret_value() if body.api_key else None,
            body.public_key,
            body.webhook_secret.get_secret_value() if body.webhook_secret else None,
        )
        row = await work.payments.accounts.change(row, secrets, ring)
    return ok(PaymentAccountRead.of(row, services.settings.public_url), SuccessMessage.UPDATED)
