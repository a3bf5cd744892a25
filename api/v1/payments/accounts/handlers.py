"""Setting and exchanging the secrets of an account."""

from datetime import datetime
from uuid import UUID

import structlog
from starlette.responses import Response

from api.access.callers import Access, ApiServices
from api.http.envelope import SuccessMessage, created, ok
from api.http.idempotency import Key, store_response
from api.http.operation_errors import raises
from api.v1.payments.accounts.schemas import PaymentAccountCreate, PaymentAccountRead, PaymentAccountUpdate
from db.payments.accounts import AccountRow
from domain.errors import RuleBroken
from domain.payments.accounts import AccountSecrets, exchanged
from runtime.keyring import KeyRing
from runtime.sealing import Unsealable

log = structlog.get_logger(__name__)


async def open_account(
    services: ApiServices, access: Access, body: PaymentAccountCreate, key: Key | None, now: datetime
) -> Response:
    """The account without its secrets; 201."""
    async with access.work(body.business_id, key) as work:
        ring = services.tokens.ring
        row = await work.payments.accounts.add(body.business_id, body.provider, body.secrets(), ring, now)
        answer = created(PaymentAccountRead.of(row, services.settings.public_url))
        return await store_response(work, answer)


@raises(RuleBroken)
async def exchange_secrets(
    services: ApiServices, access: Access, account_id: UUID, body: PaymentAccountUpdate
) -> Response:
    """Other secrets of the same account. Raises RuleBroken where the key of the stored ones is lost and not all are
    given."""
    async with access.work(account_id) as work:
        row, ring = await work.payments.accounts.lock(account_id), services.tokens.ring
        secrets = exchanged(
            _known(row, ring),
            body.api_key.get_secret_value() if body.api_key else None,
            body.public_key,
            body.webhook_secret.get_secret_value() if body.webhook_secret else None,
        )
        row = await work.payments.accounts.change(row, secrets, ring)
    return ok(PaymentAccountRead.of(row, services.settings.public_url), SuccessMessage.UPDATED)


def _known(row: AccountRow, ring: KeyRing) -> AccountSecrets | None:
    """The stored secrets; None where their key is lost."""
    try:
        return row.opened(ring)
    except Unsealable:
        log.error("the secrets of an account cannot be opened", key_id=row.key_id, account_id=str(row.id))
        return None
