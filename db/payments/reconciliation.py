"""Our side of the comparison with a provider."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, bindparam, text
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.engine.store import Store
from domain.payments.reconciliation import Side
from domain.payments.status import PaymentStatus

_COLUMNS = "id, business_id, booking_id, provider_intent_id, status, amount, currency, captured, refunded, account_id"
# Of any account, because two businesses may share one at the provider. Two accounts may have equal ids, too: the
# payment at the account itself comes last and counts.
_BY_INTENTS = text(f"""
    SELECT {_COLUMNS} FROM booking_payments WHERE provider = :provider AND provider_intent_id = ANY(:intents)
     ORDER BY account_id IS NOT DISTINCT FROM :account_id
""").bindparams(bindparam("account_id", type_=PgUUID))
_WITH_MONEY = text(f"""
    SELECT {_COLUMNS} FROM booking_payments
     WHERE provider = :provider AND account_id IS NOT DISTINCT FROM :account_id
       AND provider_intent_id IS NOT NULL AND (captured > 0 OR status = 'authorized')
       AND created_at >= :since AND created_at < :until AND (CAST(:after AS uuid) IS NULL OR id > :after)
     ORDER BY id LIMIT :limit
""").bindparams(bindparam("after", type_=PgUUID), bindparam("account_id", type_=PgUUID))
_ACCOUNTS = text("""
    SELECT a.id FROM payment_accounts a
     WHERE a.provider = :provider AND EXISTS (SELECT 1 FROM booking_payments p WHERE p.account_id = a.id) ORDER BY a.id
""")


@dataclass(frozen=True, slots=True)
class KnownPayment:
    """One of our payments, for the comparison."""

    id: UUID
    business_id: UUID
    booking_id: UUID
    intent_id: str
    side: Side
    account_id: UUID | None = None


class ReconciliationStore(Store):
    """Payments of one provider, across all businesses: the scope is the platform's."""

    async def by_intents(
        self, provider: str, account_id: UUID | None, intents: Sequence[str]
    ) -> Mapping[str, KnownPayment]:
        """Those of these intents at one account that we know, by the provider's id."""
        asked = {"provider": provider, "account_id": account_id, "intents": list(intents)}
        rows = await self.session.execute(_BY_INTENTS, asked)
        return {payment.intent_id: payment for payment in map(_known, rows)}

    async def with_money(
        self, provider: str, account_id: UUID | None, since: datetime, until: datetime, after: UUID | None, limit: int
    ) -> Sequence[KnownPayment]:
        """Payments at one account opened in the half-open range that took or hold money, by their ids, after
        ``after``."""
        asked = {"provider": provider, "since": since, "until": until, "after": after, "limit": limit}
        asked["account_id"] = account_id
        return [_known(row) for row in await self.session.execute(_WITH_MONEY, asked)]

    async def accounts(self, provider: str) -> Sequence[UUID]:
        """Accounts of businesses at this provider that have payments."""
        return [row.id for row in await self.session.execute(_ACCOUNTS, {"provider": provider})]


def _known(row: Row[tuple[object, ...]]) -> KnownPayment:
    side = Side(PaymentStatus(row.status), row.amount, row.currency, row.captured, row.refunded)
    return KnownPayment(row.id, row.business_id, row.booking_id, row.provider_intent_id, side, row.account_id)
