"""Money taken at the venue, the tills of a day, and their report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Text, bindparam, text
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.engine.store import Store
from domain.booking_status import BookingStatus
from domain.errors import NotFound, WrongState
from domain.money import Money
from domain.payments.venue import (
    CorrectionReason,
    VenueFacts,
    VenueKind,
    VenueMethod,
    amount_to_return,
    amount_to_take,
    corrected_amount,
    expected_cash,
    till_day,
    till_of_correction,
)

_COLUMNS = """v.id, v.business_id, v.booking_id, v.kind, v.method, v.amount, v.currency, v.day, v.taken_by, v.corrects,
    v.reason, v.corrected_by, v.command_id, v.created_at"""
_GET = text(f"SELECT {_COLUMNS} FROM venue_payments v WHERE v.id = :id")
_OF_BOOKING = text(f"SELECT {_COLUMNS} FROM venue_payments v WHERE v.booking_id = :booking_id ORDER BY v.id")
_LOCK_BOOKING = text("SELECT id FROM bookings WHERE id = :booking_id FOR NO KEY UPDATE")
_FACTS = text("""
    SELECT b.business_id, b.status, b.price, b.currency, b.time_zone,
           (SELECT coalesce(sum(CASE p.status WHEN 'authorized' THEN p.authorized ELSE p.captured - p.refunded END), 0)
              FROM booking_payments p WHERE p.booking_id = b.id)::bigint AS online,
           (SELECT coalesce(sum(v.amount), 0) FROM venue_payments v WHERE v.booking_id = b.id)::bigint AS paid
      FROM bookings b WHERE b.id = :booking_id
""")
#: Waits for a closing that is under way, and makes a closing wait for this entry.
_CLOSED = text("""
    SELECT closed_at IS NOT NULL FROM tills
     WHERE business_id = :business_id AND day = :day AND user_id = :user_id FOR SHARE
""")
_INSERT = text(f"""
    INSERT INTO venue_payments AS v (business_id, booking_id, kind, method, amount, currency, day, taken_by, corrects,
                                     reason, corrected_by, command_id, created_at)
    VALUES (:business_id, :booking_id, :kind, :method, :amount, :currency, :day, :taken_by, :corrects, :reason,
            :corrected_by, :command_id, :created_at)
    RETURNING {_COLUMNS}
""").bindparams(
    bindparam("corrects", type_=PgUUID(as_uuid=True)),
    bindparam("reason", type_=Text),
    bindparam("corrected_by", type_=PgUUID(as_uuid=True)),
)
_REVERSED = text("SELECT EXISTS (SELECT 1 FROM venue_payments WHERE corrects = :id AND kind = 'reversal')")

_BUSINESS = text("SELECT time_zone, currency FROM businesses WHERE id = :business_id")
_TILL = "t.id, t.business_id, t.day, t.user_id, t.currency, t.opening, t.opened_at, t.closed_at, t.counted, t.expected"
#: A till that was closed by mistake is opened again, with what was in it at the start.
_OPEN = text(f"""
    INSERT INTO tills AS t (business_id, day, user_id, currency, opening, opened_at)
    VALUES (:business_id, :day, :user_id, :currency, :opening, :now)
    ON CONFLICT (business_id, day, user_id) DO UPDATE SET closed_at = NULL, counted = NULL, expected = NULL
     WHERE t.closed_at IS NOT NULL
    RETURNING {_TILL}
""")
_LOCK_TILL = text(f"""
    SELECT {_TILL} FROM tills t WHERE t.business_id = :business_id AND t.day = :day AND t.user_id = :user_id FOR UPDATE
""")
_LAST_OPEN = text("""
    SELECT day FROM tills WHERE business_id = :business_id AND user_id = :user_id AND closed_at IS NULL
     ORDER BY day DESC LIMIT 1
""")
#: Cash taken before the opening was counted with it.
_CASH = text("""
    SELECT amount FROM venue_payments
     WHERE business_id = :business_id AND day = :day AND taken_by = :user_id AND method = 'cash'
       AND created_at >= :opened_at
""")
_CLOSE = text(f"""
    UPDATE tills AS t SET closed_at = :now, counted = :counted, expected = :expected WHERE t.id = :id RETURNING {_TILL}
""")
_TILLS = text(f"SELECT {_TILL} FROM tills t WHERE t.business_id = :business_id AND t.day = :day")
_SUMS = text("""
    SELECT v.taken_by, v.method, count(*) AS entries,
           coalesce(sum(v.amount) FILTER (WHERE v.kind = 'payment' AND v.corrects IS NULL), 0)::bigint AS taken,
           coalesce(-sum(v.amount) FILTER (WHERE v.kind = 'refund' AND v.corrects IS NULL), 0)::bigint AS returned,
           coalesce(sum(v.amount) FILTER (WHERE v.corrects IS NOT NULL), 0)::bigint AS corrected,
           coalesce(sum(v.amount) FILTER (WHERE v.created_at < t.opened_at), 0)::bigint AS before_opening
      FROM venue_payments v
      LEFT JOIN tills t ON (t.business_id, t.day, t.user_id) = (v.business_id, v.day, v.taken_by)
     WHERE v.business_id = :business_id AND v.day = :day GROUP BY v.taken_by, v.method
     ORDER BY v.taken_by, v.method
""")


@dataclass(frozen=True, slots=True)
class VenueEntry:
    """One entry; ``amount`` in minor units, negative where money went back."""

    id: UUID
    business_id: UUID
    booking_id: UUID
    kind: VenueKind
    method: VenueMethod
    amount: int
    currency: str
    day: date
    taken_by: UUID
    corrects: UUID | None
    reason: CorrectionReason | None
    corrected_by: UUID | None
    command_id: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TillState:
    """The till of one person on one day; minor units. ``counted`` and ``expected`` once it is closed."""

    id: UUID
    business_id: UUID
    day: date
    user_id: UUID
    currency: str
    opening: int
    opened_at: datetime
    closed_at: datetime | None
    counted: int | None
    expected: int | None


@dataclass(frozen=True, slots=True)
class MethodSum:
    """What one person took on one day by one method, in minor units. ``corrected``: what corrections add or take;
    ``before_opening``: the part of the net that was there when the till was opened."""

    method: VenueMethod
    entries: int
    taken: int
    returned: int
    corrected: int
    before_opening: int

    @property
    def net(self) -> int:
        """What is left of it."""
        return self.taken - self.returned + self.corrected


@dataclass(frozen=True, slots=True)
class PersonReport:
    """One person's day. ``till``: None for somebody who opened none."""

    user_id: UUID
    till: TillState | None
    sums: Sequence[MethodSum]

    @property
    def expected(self) -> int:
        """What the till must hold in cash."""
        cash = [one.net - one.before_opening for one in self.sums if one.method is VenueMethod.CASH]
        return expected_cash(self.till.opening if self.till else 0, cash)


class VenueStore(Store):
    """Entries are written under the lock of their booking."""

    async def record(
        self,
        booking_id: UUID,
        kind: VenueKind,
        method: VenueMethod,
        asked: Money | None,
        by: UUID,
        command_id: str,
        now: datetime,
    ) -> VenueEntry:
        """Record a payment or a refund. Raises NotFound, and what ``amount_to_take`` and ``amount_to_return`` raise."""
        facts, values = await self._lock(booking_id, by, now)
        amount = amount_to_take(facts, asked) if kind is VenueKind.PAYMENT else -amount_to_return(facts, asked)
        more = {"kind": kind.value, "method": method.value, "amount": amount, "command_id": command_id}
        return await self._insert({**values, **more, "corrects": None, "reason": None, "corrected_by": None})

    async def correct(
        self,
        entry_id: UUID,
        right: Money,
        method: VenueMethod | None,
        reason: CorrectionReason,
        by: UUID,
        command_id: str,
        now: datetime,
    ) -> list[VenueEntry]:
        """Take an entry back, and record the right one unless its amount is 0. Both count on the day of the correction,
        in the till that ``till_of_correction`` names. Raises NotFound, WrongState for an entry that was corrected
        before, and what ``corrected_amount`` raises."""
        entry = await self.get(entry_id)
        facts, values = await self._lock(entry.booking_id, by, now, entry)
        if entry.kind is VenueKind.REVERSAL or await self.session.scalar(_REVERSED, {"id": entry_id}):
            raise WrongState({"status": VenueKind.REVERSAL.value, "wanted": "corrected"})
        amount = corrected_amount(facts, entry.amount, right)
        values |= {"corrects": entry_id, "reason": reason.value, "corrected_by": by, "command_id": command_id}
        back = {"kind": VenueKind.REVERSAL.value, "method": entry.method.value, "amount": -entry.amount}
        made = [await self._insert({**values, **back})]
        if amount:
            again = {"kind": entry.kind.value, "method": (method or entry.method).value, "amount": amount}
            made.append(await self._insert({**values, **again}))
        return made

    async def get(self, entry_id: UUID) -> VenueEntry:
        """Raises NotFound, also for another tenant's."""
        row = (await self.session.execute(_GET, {"id": entry_id})).one_or_none()
        if row is None:
            raise NotFound({"payment_id": str(entry_id)})
        return _entry_of(row)

    async def of_booking(self, booking_id: UUID) -> list[VenueEntry]:
        """All entries of one booking, oldest first."""
        return [_entry_of(row) for row in await self.session.execute(_OF_BOOKING, {"booking_id": booking_id})]

    async def open_till(self, business_id: UUID, opening: int, by: UUID, now: datetime) -> TillState:
        """Open the till of today, or open it again after it was closed. Raises WrongState while it is open."""
        day, currency = await self._today(business_id, now)
        values = {"business_id": business_id, "day": day, "user_id": by, "currency": currency, "opening": opening}
        row = (await self.session.execute(_OPEN, {**values, "now": now})).one_or_none()
        if row is None:
            raise WrongState({"status": "till_open", "wanted": "till_open"})
        return TillState(**row._mapping)

    async def close_till(self, business_id: UUID, counted: int, by: UUID, now: datetime) -> TillState:
        """Close the person's newest open till with what was counted in it. Raises WrongState without one."""
        who = {"business_id": business_id, "user_id": by}
        day = await self.session.scalar(_LAST_OPEN, who)
        row = (await self.session.execute(_LOCK_TILL, {**who, "day": day})).one_or_none() if day else None
        if row is None or row.closed_at is not None:
            raise WrongState({"status": "till_closed", "wanted": "till_closed"})
        cash = await self.session.scalars(_CASH, {**who, "day": day, "opened_at": row.opened_at})
        values = {"id": row.id, "now": now, "counted": counted, "expected": expected_cash(row.opening, cash)}
        return TillState(**(await self.session.execute(_CLOSE, values)).one()._mapping)

    async def currency_of(self, business_id: UUID) -> str:
        """The currency (ISO 4217) in which the business counts its cash. Raises NotFound."""
        row = (await self.session.execute(_BUSINESS, {"business_id": business_id})).one_or_none()
        if row is None:
            raise NotFound({"business_id": str(business_id)})
        return str(row.currency)

    async def report(self, business_id: UUID, day: date | None, now: datetime) -> tuple[date, str, list[PersonReport]]:
        """The day (today if None), the currency, and everybody who took money or opened a till."""
        today, currency = await self._today(business_id, now)
        asked = {"business_id": business_id, "day": day or today}
        tills = {row.user_id: TillState(**row._mapping) for row in await self.session.execute(_TILLS, asked)}
        sums: dict[UUID, list[MethodSum]] = {user_id: [] for user_id in tills}
        for row in await self.session.execute(_SUMS, asked):
            parts = (row.taken, row.returned, row.corrected, row.before_opening)
            sums.setdefault(row.taken_by, []).append(MethodSum(VenueMethod(row.method), row.entries, *parts))
        people = [PersonReport(user_id, tills.get(user_id), sums[user_id]) for user_id in sorted(sums)]
        return day or today, currency, people

    async def _lock(
        self, booking_id: UUID, by: UUID, now: datetime, corrected: VenueEntry | None = None
    ) -> tuple[VenueFacts, dict[str, Any]]:
        """The booking's money, and the common values of the new entries: of ``by``, or of the till of a correction."""
        await self.session.execute(_LOCK_BOOKING, {"booking_id": booking_id})
        row = (await self.session.execute(_FACTS, {"booking_id": booking_id})).one_or_none()
        if row is None:
            raise NotFound({"booking_id": str(booking_id)})
        day = till_day(now, ZoneInfo(row.time_zone))
        till = {"business_id": row.business_id, "day": day}
        person = by
        if corrected is not None:
            is_theirs_closed = await self._is_till_closed({**till, "user_id": corrected.taken_by})
            person = till_of_correction(by, corrected.taken_by, corrected.day == day, is_theirs_closed)
        is_closed = await self._is_till_closed({**till, "user_id": person})
        facts = VenueFacts(BookingStatus(row.status), row.price, row.currency, row.online, row.paid)
        values = {"business_id": row.business_id, "booking_id": booking_id, "currency": row.currency}
        values |= {"day": day, "taken_by": person, "created_at": now}
        return replace(facts, is_till_closed=is_closed), values

    async def _is_till_closed(self, till: Mapping[str, Any]) -> bool:
        return bool(await self.session.scalar(_CLOSED, till))

    async def _insert(self, values: Mapping[str, Any]) -> VenueEntry:
        return _entry_of((await self.session.execute(_INSERT, values)).one())

    async def _today(self, business_id: UUID, now: datetime) -> tuple[date, str]:
        row = (await self.session.execute(_BUSINESS, {"business_id": business_id})).one_or_none()
        if row is None:
            raise NotFound({"business_id": str(business_id)})
        return till_day(now, ZoneInfo(row.time_zone)), row.currency


def _entry_of(row: Row[Any]) -> VenueEntry:
    reason = CorrectionReason(row.reason) if row.reason else None
    kind, method = VenueKind(row.kind), VenueMethod(row.method)
    return VenueEntry(**{**row._mapping, "kind": kind, "method": method, "reason": reason})
