"""Reads the secrets of an account when its provider is called."""

from collections.abc import Awaitable, Callable
from dataclasses import fields
from uuid import UUID

import structlog

from db.engine.direct import fetch_row
from db.engine.session import Database, Scope
from db.payments.accounts import AccountRow
from domain.errors import Unavailable
from domain.payments.accounts import AccountSecrets
from runtime.keyring import KeyRing
from runtime.sealing import Unsealable

_STATEMENT = "SELECT * FROM app_payment_account($1)"
_log = structlog.get_logger(__name__)


async def read_account(database: Database, account_id: UUID) -> AccountRow:
    """One account, in one round trip. Raises NotFound."""
    row = await fetch_row(database.engine, _STATEMENT, account_id)
    if row is not None:
        return AccountRow(**{field.name: row[field.name] for field in fields(AccountRow)})
    async with database.unit_of_work(Scope.platform()) as work:
        return await work.payments.accounts.get(account_id)


def secrets_reader(database: Database, ring: KeyRing) -> Callable[[UUID], Awaitable[AccountSecrets]]:
    """Reads the secrets of an account for a call to its provider. The result raises NotFound, and Unavailable where
    their key is lost: the owner has to give them again, and what waits for them is tried again until then."""

    async def read(account_id: UUID) -> AccountSecrets:
        account = await read_account(database, account_id)
        try:
            return account.opened(ring)
        except Unsealable as error:
            _log.error("the secrets of an account cannot be opened", key_id=account.key_id, account_id=str(account_id))
            raise Unavailable({"dependency": account.provider, "retry_after": 60}) from error

    return read
