"""Payouts as the providers list them, with their entries; fees of payments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, bindparam, text
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.engine.store import Store
from db.payments.webhooks import AT_ACCOUNT
from db.platform.attention import AttentionStore
from domain.errors import NotFound
from domain.payments.payouts import PaidPayment, Payout, PayoutEntry, PayoutFinding, compare_payout, fees
from domain.payments.reconciliation import PAYOUT_KIND

_COLUMNS = """id, business_id, account_id, provider, provider_payout_id, status, amount, entries_net, fees, currency,
    made_at, arrives_on, created_at"""
_PUT = text("""
    INSERT INTO payment_payouts AS p (business_id, account_id, provider, provider_payout_id, status, amount,
                                      entries_net, fees, currency, made_at, arrives_on)
    VALUES ((SELECT a.business_id FROM payment_accounts a WHERE a.id = :account_id), :account_id, :provider,
            :payout_id, :status, :amount, :net, :fees, :currency, :made_at, :arrives_on)
    ON CONFLICT (provider, account_id, provider_payout_id) DO UPDATE
       SET status = excluded.status, amount = excluded.amount, entries_net = excluded.entries_net,
           fees = excluded.fees, arrives_on = excluded.arrives_on
    RETURNING p.id, p.business_id
""").bindparams(bindparam("account_id", type_=PgUUID))
_PUT_ENTRY = text("""
    INSERT INTO payment_payout_entries (business_id, payout_id, payment_id, provider_entry_id, kind, intent_id, amount,
                                        fee, currency, entered_at, is_computed)
    VALUES (:business_id, :payout_id, :payment_id, :entry_id, :kind, :intent_id, :amount, :fee, :currency, :at,
            :is_computed)
    ON CONFLICT (payout_id, provider_entry_id) DO UPDATE
       SET amount = excluded.amount, fee = excluded.fee,
           payment_id = coalesce(payment_payout_entries.payment_id, excluded.payment_id),
           business_id = coalesce(payment_payout_entries.business_id, excluded.business_id)
""").bindparams(
    bindparam("business_id", type_=PgUUID),
    bindparam("payment_id", type_=PgUUID),
    bindparam("is_computed", type_=Boolean),
)
# Where two accounts use the same id, the payment at the account itself comes last and counts.
_KNOWN = text(f"""
    SELECT p.id, p.business_id, p.booking_id, p.provider_intent_id AS intent_id, p.captured, p.currency
      FROM booking_payments p
     WHERE p.provider = :provider AND p.provider_intent_id = ANY(:intents)
       AND {AT_ACCOUNT.format(account=":account_id")}
     ORDER BY p.account_id IS NOT DISTINCT FROM :account_id
""").bindparams(bindparam("account_id", type_=PgUUID))
# One page of captured payments that no payout has, whose webhooks and payouts are long over.
_NEVER = text("""
    SELECT p.id, p.business_id, p.booking_id, p.provider_intent_id AS intent_id, p.captured, p.currency
      FROM booking_payments p
     WHERE p.provider = :provider AND p.account_id IS NOT DISTINCT FROM :account_id AND p.captured > p.refunded
       AND p.provider_intent_id IS NOT NULL AND p.created_at >= :since AND p.created_at < :until
       AND NOT EXISTS (SELECT 1 FROM payment_payout_entries e WHERE e.payment_id = p.id AND e.kind = 'payment')
       AND EXISTS (SELECT 1 FROM payment_payouts o
                    WHERE o.provider = :provider AND o.account_id IS NOT DISTINCT FROM :account_id)
       AND (CAST(:after AS uuid) IS NULL OR p.id > :after)
     ORDER BY p.id LIMIT :limit
""").bindparams(bindparam("account_id", type_=PgUUID), bindparam("after", type_=PgUUID))
_GET = text(f"SELECT {_COLUMNS} FROM payment_payouts WHERE id = :id")
_LIST = text(f"""
    SELECT {_COLUMNS} FROM payment_payouts
     WHERE business_id IS NOT DISTINCT FROM :business_id AND (CAST(:after AS uuid) IS NULL OR id < :after)
     ORDER BY id DESC LIMIT :limit
""").bindparams(bindparam("after", type_=PgUUID), bindparam("business_id", type_=PgUUID))
_ENTRY_COLUMNS = """e.id, e.payout_id, e.payment_id, e.provider_entry_id, e.kind, e.amount, e.fee, e.currency,
    e.entered_at, e.is_computed"""
_ENTRIES = text(f"""
    SELECT {_ENTRY_COLUMNS} FROM payment_payout_entries e
     WHERE e.payout_id = :payout_id AND (CAST(:after AS uuid) IS NULL OR e.id < :after) ORDER BY e.id DESC LIMIT :limit
""").bindparams(bindparam("after", type_=PgUUID))
_OF_PAYMENT = text(
    f"SELECT {_ENTRY_COLUMNS} FROM payment_payout_entries e WHERE e.payment_id = :payment_id ORDER BY e.id"
)


@dataclass(frozen=True, slots=True)
class PayoutRow:
    """One stored payout; minor units. ``entries_net``: the sum of its entries."""

    id: UUID
    business_id: UUID | None
    account_id: UUID | None
    provider: str
    provider_payout_id: str
    status: str
    amount: int
    entries_net: int
    fees: int
    currency: str
    made_at: datetime
    arrives_on: date | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One stored entry of a payout; minor units."""

    id: UUID
    payout_id: UUID
    payment_id: UUID | None
    provider_entry_id: str
    kind: str
    amount: int
    fee: int
    currency: str
    entered_at: datetime
    is_computed: bool


class PayoutStore(Store):
    """Payouts and their entries."""

    async def known(self, provider: str, account_id: UUID | None, intents: Sequence[str]) -> Mapping[str, PaidPayment]:
        """Our payments with these ids at the account, or at another one of the same business: where an owner has set
        the same account at the provider again, its payouts have the payments of the former row. Two businesses that
        share an account each know their own payments only."""
        asked = {"provider": provider, "account_id": account_id, "intents": list(intents)}
        rows = await self.session.execute(_KNOWN, asked)
        return {row.intent_id: PaidPayment(**row._mapping) for row in rows}

    async def put(
        self,
        provider: str,
        account_id: UUID | None,
        payout: Payout,
        entries: Sequence[PayoutEntry],
        known: Mapping[str, PaidPayment],
    ) -> UUID:
        """Store a payout with its entries; a repeat brings both up to date. Platform scope."""
        values = {
            "account_id": account_id,
            "provider": provider,
            "payout_id": payout.id,
            "status": payout.status.value,
            "amount": payout.amount,
            "net": sum(entry.net for entry in entries),
            "fees": fees(entries),
            "currency": payout.currency,
            "made_at": payout.made_at,
            "arrives_on": payout.arrives_on,
        }
        row = (await self.session.execute(_PUT, values)).one()
        if entries:
            written = [_written(row.id, row.business_id, entry, known) for entry in entries]
            await self.session.execute(_PUT_ENTRY, written)
        payout_id: UUID = row.id
        return payout_id

    async def record(
        self, provider: str, account_id: UUID | None, payout: Payout, entries: Sequence[PayoutEntry]
    ) -> int:
        """Store a payout and file what differs from our records; how many differences there are. A repeat brings it up
        to date and files nothing twice. Platform scope."""
        intents = sorted({entry.intent_id for entry in entries if entry.intent_id})
        known = await self.known(provider, account_id, intents)
        await self.put(provider, account_id, payout, entries, known)
        findings = compare_payout(payout, entries, known, all_are_ours=account_id is None)
        for finding in findings:
            ours = known.get(finding.intent_id) if finding.intent_id else None
            await self.file(provider, account_id, payout, finding, ours)
        return len(findings)

    async def file(
        self,
        provider: str,
        account_id: UUID | None,
        payout: Payout | None,
        finding: PayoutFinding,
        ours: PaidPayment | None,
    ) -> None:
        """Put a difference on the attention list, once."""
        about = finding.intent_id or (payout.id if payout else "")
        await AttentionStore(self.session, self.context).file(
            PAYOUT_KIND,
            f"{PAYOUT_KIND}:{provider}:{account_id or 'platform'}:{about}:{finding.difference.value}",
            business_id=ours.business_id if ours else None,
            booking_id=ours.booking_id if ours else None,
            payment_id=ours.id if ours else None,
            details={
                "provider": provider,
                "account_id": str(account_id) if account_id else None,
                "payout_id": payout.id if payout else None,
                "made_at": payout.made_at.isoformat() if payout else None,
                "intent_id": finding.intent_id,
                "difference": finding.difference.value,
                "action": finding.action.value,
                "ours": finding.ours,
                "theirs": finding.theirs,
            },
        )

    async def never_paid_out(
        self,
        provider: str,
        account_id: UUID | None,
        since: datetime,
        until: datetime,
        after: UUID | None,
        limit: int,
    ) -> Sequence[PaidPayment]:
        """A page of the payments at an account, opened in the half-open range, that are in no payout, where the account
        has payouts at all. ``after``: the last one of the page before."""
        asked = {"provider": provider, "account_id": account_id, "since": since, "until": until}
        rows = await self.session.execute(_NEVER, asked | {"after": after, "limit": limit})
        return [PaidPayment(**row._mapping) for row in rows]

    async def get(self, payout_id: UUID) -> PayoutRow:
        """One payout. Raises NotFound."""
        row = (await self.session.execute(_GET, {"id": payout_id})).one_or_none()
        if row is None:
            raise NotFound({"payout_id": str(payout_id)})
        return PayoutRow(**row._mapping)

    async def list_(self, business_id: UUID | None, after: UUID | None, limit: int) -> list[PayoutRow]:
        """Of a business's own accounts, or with None of the platform's; the newest first."""
        asked = {"business_id": business_id, "after": after, "limit": limit}
        return [PayoutRow(**row._mapping) for row in await self.session.execute(_LIST, asked)]

    async def entries(self, payout_id: UUID, after: UUID | None, limit: int) -> list[EntryRow]:
        """What a payout consists of, newest first."""
        asked = {"payout_id": payout_id, "after": after, "limit": limit}
        return [EntryRow(**row._mapping) for row in await self.session.execute(_ENTRIES, asked)]

    async def of_payment(self, payment_id: UUID) -> list[EntryRow]:
        """The entries about one payment, with their fees, oldest first."""
        return [EntryRow(**row._mapping) for row in await self.session.execute(_OF_PAYMENT, {"payment_id": payment_id})]


def _written(
    payout_id: UUID, business_id: UUID | None, entry: PayoutEntry, known: Mapping[str, PaidPayment]
) -> dict[str, Any]:
    ours = known.get(entry.intent_id) if entry.intent_id else None
    return {
        "business_id": ours.business_id if ours else business_id,
        "payout_id": payout_id,
        "payment_id": ours.id if ours else None,
        "entry_id": entry.id,
        "kind": entry.kind.value,
        "intent_id": entry.intent_id,
        "amount": entry.amount,
        "fee": entry.fee,
        "currency": entry.currency,
        "at": entry.at,
        "is_computed": entry.is_computed,
    }
