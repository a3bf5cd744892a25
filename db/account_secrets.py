"""Reads the secrets of an account when its provider is called."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from db.engine.session import Database, Scope
from domain.payments.accounts import AccountSecrets
from runtime.keyring import KeyRing


def secrets_reader(database: Database, ring: KeyRing) -> Callable[[UUID], Awaitable[AccountSecrets]]:
    """Reads the secrets of an account for a call to its provider. The result raises NotFound and Unsealable."""

    async def read(account_id: UUID) -> AccountSecrets:
        async with database.unit_of_work(Scope.platform()) as work:
            return (await work.payments.accounts.get(account_id)).opened(ring)

    return read
