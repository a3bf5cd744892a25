"""Reads bookings, lists of them, their history, and the snapshot with which a workflow starts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.engine.store import Store
from domain.booking_status import BookingStatus
from domain.bookings.snapshot import BookingSnapshot
from domain.bookings.view import BookingView, ItemView
from domain.errors import NotFound
from domain.payments.status import PaymentMode
from domain.scheduling.reasons import ChosenBy

_COLUMNS = """b.id, b.business_id, b.customer_id, b.user_id, b.code, b.status, b.start_at, b.end_at, b.time_zone,
    b.party_size, b.price, b.amount_due, b.due_at_venue, b.currency, b.payment_mode, b.needs_approval, b.policy,
    b.hold_expires_at, b.approval_deadline, b.proof_deadline, b.is_provisional, b.undo_until, b.card_due,
    b.special_requests, b.internal_notes,
    b.language, b.version, b.created_at,
    coalesce(b.cancellation_penalty, 0) AS penalty"""
_BESIDE = """(SELECT o.series_id FROM series_occurrences o WHERE o.booking_id = b.id) AS series_id,
    jsonb_build_object('family_name', b.family_name, 'given_name', b.given_name) AS customer,
    (SELECT coalesce(sum(r.amount), 0)::bigint FROM booking_payments p JOIN refunds r ON r.payment_id = p.id
      WHERE p.booking_id = b.id AND r.status IN ('requested', 'processing')) AS refunding,
    (SELECT coalesce(sum(p.refunded), 0)::bigint FROM booking_payments p WHERE p.booking_id = b.id) AS refunded"""
# The claims that were released last still say which resources an ended booking had.
_ITEMS = """(SELECT jsonb_agg(jsonb_build_array(i.position, i.service_id, i.name, i.start_at, i.end_at, i.price,
        i.tax_percent, (SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_array(c.resource_id, c.unit)), '[]')
            FROM resource_claims c
            WHERE c.booking_id = b.id AND c.item_position = i.position AND c.released_at IS NOT DISTINCT FROM
                (SELECT max(x.released_at) FROM resource_claims x WHERE x.booking_id = b.id
                    AND NOT EXISTS (SELECT 1 FROM resource_claims y WHERE y.booking_id = b.id
                                       AND y.released_at IS NULL))), i.chosen_by
        ) ORDER BY i.position) FROM booking_items i WHERE i.booking_id = b.id) AS items"""
_ONE = text(f"SELECT {_COLUMNS}, {_BESIDE}, {_ITEMS} FROM bookings b WHERE b.id = :booking_id").columns(
    policy=JSONB, items=JSONB, customer=JSONB
)
_LIST = text(f"""
    SELECT {_COLUMNS}, {_BESIDE}, {_ITEMS} FROM bookings b
     WHERE (CAST(:business_id AS uuid) IS NULL OR b.business_id = :business_id)
       AND (CAST(:user_id AS uuid) IS NULL OR b.user_id = :user_id)
       AND (CAST(:customer_id AS uuid) IS NULL OR b.customer_id = :customer_id)
       AND (CAST(:status AS text) IS NULL OR b.status = :status)
       AND (CAST(:code AS text) IS NULL OR b.code = :code)
       AND (CAST(:since AS timestamptz) IS NULL OR b.start_at >= :since)
       AND (CAST(:until AS timestamptz) IS NULL OR b.start_at < :until)
       AND (CAST(:resource_id AS uuid) IS NULL OR EXISTS (
            SELECT 1 FROM resource_claims c WHERE c.booking_id = b.id AND c.resource_id = :resource_id))
       AND (CAST(:series_id AS uuid) IS NULL OR EXISTS (
            SELECT 1 FROM series_occurrences o WHERE o.booking_id = b.id AND o.series_id = :series_id))
       AND (CAST(:after_start AS timestamptz) IS NULL OR (b.start_at, b.id) > (:after_start, :after_id))
     ORDER BY b.start_at, b.id LIMIT :limit
""").columns(policy=JSONB, items=JSONB, customer=JSONB)
_LIST = _LIST.bindparams(
    *(bindparam(name, type_=PgUUID(as_uuid=True)) for name in ("business_id", "user_id", "customer_id")),
    *(bindparam(name, type_=PgUUID(as_uuid=True)) for name in ("resource_id", "series_id", "after_id")),
    *(bindparam(name, type_=TIMESTAMP(timezone=True)) for name in ("since", "until", "after_start")),
)
_HISTORY = text("""
    SELECT id, event, from_status, to_status, actor_kind, actor_id, reason, created_at
      FROM booking_history WHERE booking_id = :booking_id ORDER BY id
""")
_SNAPSHOT = text("""
    SELECT b.id, b.business_id, b.code, b.status, b.start_at, b.end_at, b.price, b.amount_due, b.currency,
           b.payment_mode, b.needs_approval, b.hold_expires_at, b.approval_deadline, b.proof_deadline, b.version,
           b.undo_until, b.card_due, t.reminder_offsets, t.no_show_grace, t.auto_complete
      FROM bookings b JOIN business_settings t ON t.business_id = b.business_id WHERE b.id = :booking_id
""")
_UPDATE = text("""
    UPDATE bookings SET special_requests = coalesce(:special_requests, special_requests),
           internal_notes = coalesce(:internal_notes, internal_notes) WHERE id = :booking_id
""")


@dataclass(frozen=True, slots=True)
class BookingFilter:
    """The filter of a list; None does not filter. ``since``/``until`` limit the start, half-open.

    ``after`` is the start and id of the last booking of the page before.
    """

    business_id: UUID | None = None
    user_id: UUID | None = None
    customer_id: UUID | None = None
    resource_id: UUID | None = None
    series_id: UUID | None = None
    status: BookingStatus | None = None
    code: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    after: tuple[datetime, UUID] | None = None


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One change of a booking."""

    id: UUID
    event: str
    from_status: str | None
    to_status: str
    actor_kind: str
    actor_id: UUID | None
    reason: str | None
    created_at: datetime


class BookingStore(Store):
    """Sees the rows of the transaction's scope."""

    async def get(self, booking_id: UUID) -> BookingView:
        """One booking with its items. Raises NotFound."""
        row = (await self.session.execute(_ONE, {"booking_id": booking_id})).one_or_none()
        if row is None:
            raise NotFound({"booking_id": str(booking_id)})
        return _view(row)

    async def list_(self, wanted: BookingFilter, limit: int) -> list[BookingView]:
        """Up to ``limit`` bookings in order of start, then id; one statement, items included."""
        after_start, after_id = wanted.after or (None, None)
        values = {
            "business_id": wanted.business_id,
            "user_id": wanted.user_id,
            "customer_id": wanted.customer_id,
            "resource_id": wanted.resource_id,
            "series_id": wanted.series_id,
            "status": wanted.status.value if wanted.status else None,
            "code": wanted.code,
            "since": wanted.since,
            "until": wanted.until,
            "after_start": after_start,
            "after_id": after_id,
            "limit": limit,
        }
        return [_view(row) for row in await self.session.execute(_LIST, values)]

    async def history(self, booking_id: UUID) -> Sequence[HistoryEntry]:
        """Every change, oldest first."""
        rows = await self.session.execute(_HISTORY, {"booking_id": booking_id})
        return [HistoryEntry(**row._mapping) for row in rows]

    async def snapshot(self, booking_id: UUID) -> BookingSnapshot:
        """The snapshot of the booking at present. Raises NotFound."""
        row = (await self.session.execute(_SNAPSHOT, {"booking_id": booking_id})).one_or_none()
        if row is None:
            raise NotFound({"booking_id": str(booking_id)})
        return BookingSnapshot(
            booking_id=row.id,
            business_id=row.business_id,
            code=row.code,
            status=BookingStatus(row.status),
            start_at=row.start_at,
            end_at=row.end_at,
            price=row.price,
            amount_due=row.amount_due,
            currency=row.currency,
            payment_mode=PaymentMode(row.payment_mode),
            needs_approval=row.needs_approval,
            hold_expires_at=row.hold_expires_at,
            approval_deadline=row.approval_deadline,
            reminder_offsets=tuple(row.reminder_offsets),
            no_show_grace=row.no_show_grace,
            auto_complete=row.auto_complete,
            version=row.version,
            proof_deadline=row.proof_deadline,
            undo_until=row.undo_until,
            card_due=row.card_due,
        )

    async def update(
        self, booking_id: UUID, special_requests: str | None = None, internal_notes: str | None = None
    ) -> BookingView:
        """Change texts; None leaves a text unchanged. Time and status change by commands only. Raises NotFound."""
        await self.session.execute(
            _UPDATE,
            {"booking_id": booking_id, "special_requests": special_requests, "internal_notes": internal_notes},
        )
        return await self.get(booking_id)


def _view(row: Row[Any]) -> BookingView:
    values = dict(row._mapping)
    items = tuple(
        ItemView(
            position=position,
            service_id=UUID(service_id),
            name=name,
            start_at=datetime.fromisoformat(start_at),
            end_at=datetime.fromisoformat(end_at),
            price=price,
            tax_percent=tax_percent,
            resource_ids=tuple(dict.fromkeys(UUID(resource_id) for resource_id, _ in units)),
            units=tuple((UUID(resource_id), unit) for resource_id, unit in units),
            chosen_by=ChosenBy(chosen) if chosen else None,
        )
        for position, service_id, name, start_at, end_at, price, tax_percent, units, chosen in values.pop("items") or []
    )
    status, mode = BookingStatus(values.pop("status")), PaymentMode(values.pop("payment_mode"))
    return BookingView(**values, status=status, payment_mode=mode, items=items)
