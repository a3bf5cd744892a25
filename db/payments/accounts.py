"""Accounts of businesses at payment providers. The secrets are sealed before they are written and opened after they
are read; nothing but this module sees them sealed."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, Row, bindparam, text
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.engine.store import Store
from domain.errors import NotFound
from domain.payments.accounts import AccountSecrets
from runtime.keyring import KeyRing
from runtime.sealing import Sealed, Sealer

#: The purpose for which secrets of accounts are encrypted.
SEALED_FOR = "payment_account"

_SEALED = bindparam("sealed", type_=LargeBinary)
_COLUMNS = "id, business_id, provider, public_key, secrets_encrypted, key_id, replaced_at, created_at, updated_at"
_LOCK_BUSINESS = text("SELECT id FROM businesses WHERE id = :business_id AND deleted_at IS NULL FOR NO KEY UPDATE")
_REPLACE = text("""
    UPDATE payment_accounts SET replaced_at = :now
     WHERE business_id = :business_id AND provider = :provider AND replaced_at IS NULL
""")
_ADD = text(f"""
    INSERT INTO payment_accounts (business_id, provider, public_key, secrets_encrypted, key_id)
    VALUES (:business_id, :provider, :public_key, :sealed, :kid) RETURNING {_COLUMNS}
""").bindparams(_SEALED)
_GET = text(f"SELECT {_COLUMNS} FROM payment_accounts WHERE id = :id")
_LOCK = text(f"SELECT {_COLUMNS} FROM payment_accounts WHERE id = :id FOR NO KEY UPDATE")
_CURRENT = text(f"""
    SELECT {_COLUMNS} FROM payment_accounts
     WHERE business_id = :business_id AND provider = :provider AND replaced_at IS NULL
""")
_LIST = text(f"""
    SELECT {_COLUMNS} FROM payment_accounts
     WHERE business_id = :business_id AND (CAST(:after AS uuid) IS NULL OR id < :after) ORDER BY id DESC LIMIT :limit
""").bindparams(bindparam("after", type_=PgUUID))
_CHANGE = text(f"""
    UPDATE payment_accounts SET public_key = :public_key, secrets_encrypted = :sealed, key_id = :kid
     WHERE id = :id RETURNING {_COLUMNS}
""").bindparams(_SEALED)
_RETIRE = text(f"""
    UPDATE payment_accounts SET replaced_at = coalesce(replaced_at, :now) WHERE id = :id RETURNING {_COLUMNS}
""")
_WITH_OTHER_KEYS = text(f"SELECT {_COLUMNS} FROM payment_accounts WHERE key_id <> :kid ORDER BY id FOR NO KEY UPDATE")


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account, its secrets sealed."""

    id: UUID
    business_id: UUID
    provider: str
    public_key: str
    secrets_encrypted: bytes
    key_id: str
    replaced_at: datetime | None
    created_at: datetime
    updated_at: datetime

    def opened(self, ring: KeyRing) -> AccountSecrets:
        """The secrets. Raises Unsealable."""
        sealed = Sealed(self.key_id, self.secrets_encrypted)
        values: Mapping[str, str] = json.loads(_sealer(ring).open(sealed, self.business_id.bytes))
        return AccountSecrets(**values)


class AccountStore(Store):
    """Accounts; the current one of a business and provider is where its new payments are opened."""

    async def add(
        self, business_id: UUID, provider: str, secrets: AccountSecrets, ring: KeyRing, now: datetime
    ) -> AccountRow:
        """A new account; the former one at the provider is replaced and keeps its payments. Raises NotFound."""
        if (await self.session.execute(_LOCK_BUSINESS, {"business_id": business_id})).one_or_none() is None:
            raise NotFound
        about = {"business_id": business_id, "provider": provider}
        await self.session.execute(_REPLACE, {**about, "now": now})
        values = {**about, **_written(business_id, secrets, ring)}
        return _row((await self.session.execute(_ADD, values)).one_or_none())

    async def get(self, account_id: UUID) -> AccountRow:
        """One account, replaced or not. Raises NotFound."""
        return _row((await self.session.execute(_GET, {"id": account_id})).one_or_none())

    async def find_current(self, business_id: UUID, provider: str) -> AccountRow | None:
        """Where new payments of the business at this provider are opened; None: at the platform's account."""
        found = await self.session.execute(_CURRENT, {"business_id": business_id, "provider": provider})
        row = found.one_or_none()
        return None if row is None else _row(row)

    async def lock(self, account_id: UUID) -> AccountRow:
        """As `get`, until the end of the transaction. Raises NotFound."""
        return _row((await self.session.execute(_LOCK, {"id": account_id})).one_or_none())

    async def list_(self, business_id: UUID, after: UUID | None, limit: int) -> list[AccountRow]:
        """Those of a business, the newest first, replaced ones too."""
        asked = {"business_id": business_id, "after": after, "limit": limit}
        return [_row(row) for row in await self.session.execute(_LIST, asked)]

    async def change(self, account: AccountRow, secrets: AccountSecrets, ring: KeyRing) -> AccountRow:
        """Store other secrets of the same account, which is locked."""
        values = {"id": account.id, **_written(account.business_id, secrets, ring)}
        return _row((await self.session.execute(_CHANGE, values)).one_or_none())

    async def retire(self, account_id: UUID, now: datetime) -> AccountRow:
        """New payments are opened at the platform's account again. A repeat changes nothing. Raises NotFound."""
        return _row((await self.session.execute(_RETIRE, {"id": account_id, "now": now})).one_or_none())

    async def reseal(self, ring: KeyRing) -> int:
        """Seal those of all businesses with the current key, so that an earlier one can be retired; gives their number.
        Platform scope. Raises Unsealable."""
        rows = [_row(row) for row in await self.session.execute(_WITH_OTHER_KEYS, {"kid": ring.current})]
        for row in rows:
            await self.change(row, row.opened(ring), ring)
        return len(rows)


def _written(business_id: UUID, secrets: AccountSecrets, ring: KeyRing) -> dict[str, Any]:
    sealed = _sealer(ring).seal(json.dumps(asdict(secrets)).encode(), business_id.bytes)
    return {"public_key": secrets.public_key, "sealed": sealed.blob, "kid": sealed.kid}


def _sealer(ring: KeyRing) -> Sealer:
    return Sealer(ring, SEALED_FOR)


def _row(row: Row[Any] | None) -> AccountRow:
    if row is None:
        raise NotFound
    return AccountRow(**{field.name: row._mapping[field.name] for field in fields(AccountRow)})
