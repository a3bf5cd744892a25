"""Issuing receipts and credit notes, their files, and the search that the law asks for."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Date, Row, bindparam, text
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.engine.store import Store
from db.payments.payments import PaymentStore
from db.payments.refunds import RefundStore
from domain.booking_status import BookingStatus
from domain.errors import Conflict, NotFound, WrongState
from domain.messages.formats import full_name
from domain.payments.payment import Payment
from domain.payments.receipts import (
    Content,
    ReceiptFacts,
    ReceiptKind,
    ReceiptRemark,
    SoldItem,
    check_correction,
    credit_note_content,
    receipt_content,
    receipt_number,
)
from domain.payments.status import RefundStatus

COLUMNS = """r.id, r.business_id, r.booking_id, r.payment_id, r.venue_payment_id, r.refund_id, r.corrects, r.kind,
    r.number, r.issued_on, r.supplied_on, r.recipient, r.party, r.total, r.currency, r.content,
    r.digest, r.created_at"""

_OF_PAYMENT = text(f"""
    SELECT {COLUMNS} FROM receipts r
     WHERE r.payment_id = :payment_id AND r.refund_id IS NULL
       AND NOT EXISTS (SELECT 1 FROM receipts n WHERE n.corrects = r.id)
""")
_HAS_CREDIT_NOTE = text("""
    SELECT EXISTS (SELECT 1 FROM receipts WHERE payment_id = :payment_id AND refund_id IS NOT NULL)
""")
_OF_REFUND = text(f"SELECT {COLUMNS} FROM receipts r WHERE r.refund_id = :refund_id AND r.payment_id = :payment_id")
_REFUND = text("SELECT amount, status FROM refunds WHERE id = :refund_id AND payment_id = :payment_id")
FACTS = text("""
    SELECT k.code, k.status, k.start_at, k.time_zone, k.created_at, k.family_name, k.given_name, k.language,
           b.name, b.address, b.postal_code, b.prefecture, b.city, b.phone, b.phone_as_typed, b.invoice_number,
           (SELECT jsonb_agg(jsonb_build_array(i.name, i.price, i.tax_percent) ORDER BY i.position)
              FROM booking_items i WHERE i.booking_id = k.id) AS items
      FROM bookings k JOIN businesses b ON b.id = k.business_id WHERE k.id = :booking_id
""")
_NEXT = text("""
    INSERT INTO receipt_numbers AS n (business_id, year, last) VALUES (:business_id, :year, 1)
    ON CONFLICT (business_id, year) DO UPDATE SET last = n.last + 1 RETURNING last
""")
_WRITE = text(f"""
    INSERT INTO receipts AS r (business_id, booking_id, payment_id, venue_payment_id, refund_id, corrects, kind,
                               year, sequence, number, issued_on, supplied_on, recipient, party, total, currency,
                               content, digest)
    VALUES (:business_id, :booking_id, :payment_id, :venue_payment_id, :refund_id, :corrects, :kind, :year,
            :sequence, :number, :issued_on, :supplied_on, :recipient, :party, :total, :currency,
            CAST(:content AS jsonb), :digest)
    RETURNING {COLUMNS}
""").bindparams(
    bindparam("payment_id", type_=PgUUID),
    bindparam("venue_payment_id", type_=PgUUID),
    bindparam("refund_id", type_=PgUUID),
    bindparam("corrects", type_=PgUUID),
)
_FILE = text("SELECT file, digest FROM receipt_files WHERE receipt_id = :receipt_id AND language = :language")
_KEEP = text("""
    INSERT INTO receipt_files (business_id, receipt_id, language, file, digest)
    VALUES (:business_id, :receipt_id, :language, :file, :digest) ON CONFLICT (receipt_id, language) DO NOTHING
""")
_SEARCH = text(f"""
    SELECT {COLUMNS} FROM receipts r
     WHERE r.business_id = :business_id
       AND (CAST(:first AS date) IS NULL OR r.issued_on >= :first)
       AND (CAST(:last AS date) IS NULL OR r.issued_on <= :last)
       AND (CAST(:least AS bigint) IS NULL OR r.total >= :least)
       AND (CAST(:most AS bigint) IS NULL OR r.total <= :most)
       AND (CAST(:party AS text) IS NULL OR strpos(lower(r.party), lower(:party)) > 0)
       AND (CAST(:after_id AS uuid) IS NULL OR r.id < :after_id)
     ORDER BY r.id DESC LIMIT :limit
""").bindparams(bindparam("first", type_=Date), bindparam("last", type_=Date), bindparam("after_id", type_=PgUUID))


@dataclass(frozen=True, slots=True)
class Receipt:
    """One document. ``content`` is all that it says; ``digest`` is its SHA-256; amounts in minor units."""

    id: UUID
    business_id: UUID
    booking_id: UUID
    payment_id: UUID | None
    venue_payment_id: UUID | None
    refund_id: UUID | None
    corrects: UUID | None
    kind: ReceiptKind
    number: str
    issued_on: date
    supplied_on: date
    recipient: str | None
    party: str
    total: int
    currency: str
    content: dict[str, Any]
    digest: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ReceiptSearch:
    """The conditions of 電子帳簿保存法施行規則 4条1項 and 2条6項5号: day, amount and party, days and amounts as ranges,
    and several conditions together. ``party`` is a part of the name."""

    first: date | None = None
    last: date | None = None
    least: int | None = None
    most: int | None = None
    party: str | None = None


class ReceiptStore(Store):
    """Documents of the scope."""

    async def issue(self, payment_id: UUID, now: datetime, recipient: str | None = None) -> Receipt:
        """The document of a payment: the one that was issued, or a new one with the next number.

        Raises NotFound; what ``receipt_content`` raises; Conflict if it was issued for another recipient.
        """
        # The lock of the booking: two callers issue one document.
        payment, _ = await PaymentStore(self.session, self.context).lock(payment_id)
        known = (await self.session.execute(_OF_PAYMENT, {"payment_id": payment_id})).one_or_none()
        if known is not None:
            return for_recipient(receipt_of(known), recipient)
        row, content = await self._content(payment, recipient)
        values = {"business_id": payment.business_id, "booking_id": payment.booking_id, "payment_id": payment_id}
        return await self.write(values, row, content, payment.currency, now, recipient)

    async def find(self, payment_id: UUID) -> Receipt | None:
        """The document of a payment; None where none was issued."""
        known = (await self.session.execute(_OF_PAYMENT, {"payment_id": payment_id})).one_or_none()
        return None if known is None else receipt_of(known)

    async def correct(self, payment_id: UUID, now: datetime, recipient: str | None = None) -> Receipt:
        """A new document in place of the issued one, with what is right now; ``recipient`` None keeps the present one.
        The first one stays, and the new one names it.

        Raises NotFound; WrongState where none was issued; what ``receipt_content`` and ``check_correction`` raise.
        """
        payment, _ = await PaymentStore(self.session, self.context).lock(payment_id)
        known = (await self.session.execute(_OF_PAYMENT, {"payment_id": payment_id})).one_or_none()
        if known is None:
            raise WrongState({"status": "not_issued", "wanted": "corrected"})
        recipient = recipient or known.recipient
        row, content = await self._content(payment, recipient)
        right = _said(row, content, payment.currency) | {"recipient": recipient, "supplied_on": _supplied_on(row)}
        said = {name: known.content[name] for name in right}
        has_note = bool(await self.session.scalar(_HAS_CREDIT_NOTE, {"payment_id": payment_id}))
        check_correction(json.loads(json.dumps(right)) == said, has_note)
        values = {"business_id": payment.business_id, "booking_id": payment.booking_id, "payment_id": payment_id}
        more = {"corrects": known.id, "refers_to": known.number}
        return await self.write(values | more, row, content, payment.currency, now, recipient)

    async def _content(self, payment: Payment, recipient: str | None) -> tuple[Row[Any], Content]:
        """The booking with its business, and what the document of the payment says now."""
        row = (await self.session.execute(FACTS, {"booking_id": payment.booking_id})).one()
        on_the_way = await RefundStore(self.session, self.context).on_the_way(payment.id)
        facts = facts_of(row, payment.captured, payment.refunded, recipient)
        return row, receipt_content(replace(facts, on_the_way=on_the_way))

    async def issue_credit_note(self, payment_id: UUID, refund_id: UUID, now: datetime) -> Receipt:
        """The document of a refund; it names that of its payment, if one was issued.

        Raises NotFound, and WrongState for a refund that has not succeeded.
        """
        payment, _ = await PaymentStore(self.session, self.context).lock(payment_id)
        asked = {"refund_id": refund_id, "payment_id": payment_id}
        known = (await self.session.execute(_OF_REFUND, asked)).one_or_none()
        if known is not None:
            return receipt_of(known)
        refund = (await self.session.execute(_REFUND, asked)).one_or_none()
        if refund is None:
            raise NotFound({"refund_id": str(refund_id)})
        row = (await self.session.execute(FACTS, {"booking_id": payment.booking_id})).one()
        original = (await self.session.execute(_OF_PAYMENT, {"payment_id": payment_id})).one_or_none()
        recipient = original.recipient if original else None
        facts = facts_of(row, payment.captured, payment.refunded, recipient)
        is_service_invoiced = original is not None and original.content["remark"] != ReceiptRemark.CANCELLATION_FEE
        content = credit_note_content(facts, refund.amount, RefundStatus(refund.status), is_service_invoiced)
        values = {
            **{"business_id": payment.business_id, "booking_id": payment.booking_id, "payment_id": payment_id},
            **{"refund_id": refund_id, "refers_to": original.number if original else None},
        }
        return await self.write(values, row, content, payment.currency, now, recipient)

    async def find_file(self, receipt_id: UUID, language: str) -> bytes | None:
        """The stored PDF. None: it has not been made in this language."""
        asked = {"receipt_id": receipt_id, "language": language}
        row = (await self.session.execute(_FILE, asked)).one_or_none()
        return None if row is None else bytes(row.file)

    async def keep_file(self, receipt: Receipt, language: str, file: bytes) -> bytes:
        """Store the PDF unless there is one; returns the stored one: the first that was made stays."""
        values = {"receipt_id": receipt.id, "language": language}
        made = {"business_id": receipt.business_id, "file": file, "digest": hashlib.sha256(file).hexdigest()}
        await self.session.execute(_KEEP, {**values, **made})
        return bytes((await self.session.execute(_FILE, values)).one().file)

    async def search(
        self, business_id: UUID, asked: ReceiptSearch, after_id: UUID | None, limit: int
    ) -> Sequence[Receipt]:
        """The documents of a business that meet all conditions, newest first."""
        values = {**asdict(asked), "business_id": business_id, "after_id": after_id, "limit": limit}
        return [receipt_of(row) for row in await self.session.execute(_SEARCH, values)]

    async def write(
        self,
        values: dict[str, Any],
        row: Row[Any],
        content: Content,
        currency: str,
        now: datetime,
        recipient: str | None,
    ) -> Receipt:
        """The next document of a business, from a row of `FACTS`. ``values``: business, booking, and the payment or the
        entry at the venue. The caller holds the booking's lock."""
        zone = ZoneInfo(row.time_zone)
        issued_on, supplied_on = now.astimezone(zone).date(), row.start_at.astimezone(zone).date()
        values.setdefault("corrects", None)
        refers_to = values.pop("refers_to", None)
        values.setdefault("refund_id", None)
        year = issued_on.year
        # Last: from here to the commit, every other document of the business waits.
        sequence = int(await self.session.scalar(_NEXT, {"business_id": values["business_id"], "year": year}) or 0)
        values.setdefault("venue_payment_id", None)
        is_note = content.kind in {ReceiptKind.CREDIT_NOTE, ReceiptKind.REFUND_NOTE}
        number = receipt_number(year, sequence, is_note)
        said = _said(row, content, currency)
        said |= {"number": number, "issued_on": issued_on.isoformat(), "supplied_on": supplied_on.isoformat()}
        said |= {"recipient": recipient, "refers_to": refers_to}
        written = json.dumps(said, ensure_ascii=False, sort_keys=True)
        more = {
            "kind": content.kind.value,
            "year": year,
            "sequence": sequence,
            "number": number,
            "total": content.total,
        }
        days = {"issued_on": issued_on, "supplied_on": supplied_on, "currency": currency, "recipient": recipient}
        party = recipient or full_name(row.family_name, row.given_name, row.language) or row.code
        digest = hashlib.sha256(written.encode()).hexdigest()
        stored = {**values, **more, **days, "party": party, "content": written, "digest": digest}
        return receipt_of((await self.session.execute(_WRITE, stored)).one())


def _supplied_on(row: Row[Any]) -> str:
    day: date = row.start_at.astimezone(ZoneInfo(row.time_zone)).date()
    return day.isoformat()


def for_recipient(receipt: Receipt, recipient: str | None) -> Receipt:
    """The issued document. Raises Conflict if it names another recipient than ``recipient``."""
    if recipient is not None and recipient != receipt.recipient:
        raise Conflict({"payment_id": str(receipt.payment_id or receipt.venue_payment_id), "rule": "one_receipt"})
    return receipt


def facts_of(row: Row[Any], captured: int, refunded: int, recipient: str | None) -> ReceiptFacts:
    """The facts of a row of `FACTS`; money in minor units."""
    zone = ZoneInfo(row.time_zone)
    return ReceiptFacts(
        booking_status=BookingStatus(row.status),
        items=[SoldItem(name, int(price), int(percent)) for name, price, percent in row.items],
        captured=captured,
        refunded=refunded,
        agreed_on=row.created_at.astimezone(zone).date(),
        visit_day=row.start_at.astimezone(zone).date(),
        registration_number=row.invoice_number,
        recipient=recipient,
    )


def _said(row: Row[Any], content: Content, currency: str) -> dict[str, Any]:
    """All that the document says, without number and days: the issuer as it is now, and the money."""
    issuer = {
        **{"name": row.name, "address": row.address, "postal_code": row.postal_code, "prefecture": row.prefecture},
        **{"city": row.city, "phone": row.phone_as_typed or row.phone, "registration_number": row.invoice_number},
    }
    money = asdict(content)
    return {"issuer": issuer, "booking_code": row.code, "currency": currency, **money}


def receipt_of(row: Row[Any]) -> Receipt:
    """A row of `COLUMNS`."""
    return Receipt(**{**row._mapping, "kind": ReceiptKind(row.kind)})
