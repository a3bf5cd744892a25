"""Records money at the venue, and opens and closes tills. Each is one transaction."""

from datetime import datetime
from uuid import UUID

from starlette.responses import Response

from api.access.callers import Access
from api.http.envelope import created, ok
from api.http.idempotency import Key, command_id, store_response
from api.http.operation_errors import raises
from api.v1.payments.venue.schemas import (
    TillCloseCommand,
    TillOpenCommand,
    TillRead,
    VenueCorrectionCreate,
    VenueCorrectionRead,
    VenuePaymentCreate,
    VenuePaymentRead,
)
from db.engine.session import UnitOfWork
from domain.errors import CurrencyMismatch, RuleBroken, Unauthenticated, WrongState
from domain.money import Money
from domain.payments.errors import AmountRefused


@raises(AmountRefused, CurrencyMismatch, WrongState, RuleBroken)
async def record_venue_payment(access: Access, body: VenuePaymentCreate, key: Key, now: datetime) -> Response:
    """201 with the entry."""
    asked_by = command_id(access.idempotency_key(key))
    async with access.work(body.booking_id, key) as work:
        amount = body.amount.money() if body.amount else None
        entry = await work.payments.venue.record(
            body.booking_id, body.kind, body.method, amount, _person(access), asked_by, now
        )
        return await store_response(work, created(VenuePaymentRead.of(entry)))


@raises(AmountRefused, CurrencyMismatch, WrongState, RuleBroken)
async def correct_entry(
    access: Access, entry_id: UUID, body: VenueCorrectionCreate, key: Key, now: datetime
) -> Response:
    """201 with the entries that correct it."""
    asked_by = command_id(access.idempotency_key(key))
    async with access.work(entry_id, key) as work:
        right = body.amount.money()
        made = await work.payments.venue.correct(
            entry_id, right, body.method, body.reason, _person(access), asked_by, now
        )
        return await store_response(
            work, created(VenueCorrectionRead(entries=[VenuePaymentRead.of(entry) for entry in made]))
        )


@raises(CurrencyMismatch, WrongState)
async def open_own_till(access: Access, body: TillOpenCommand, key: Key | None, now: datetime) -> Response:
    """201 with the till."""
    async with access.work(body.business_id, key) as work:
        opening = await _counted(work, body.business_id, body.opening.money())
        till = await work.payments.venue.open_till(body.business_id, opening, _person(access), now)
        return await store_response(work, created(TillRead.of(till)))


@raises(CurrencyMismatch, WrongState)
async def close_own_till(access: Access, body: TillCloseCommand, key: Key | None, now: datetime) -> Response:
    """The till with its difference."""
    async with access.work(body.business_id, key) as work:
        counted = await _counted(work, body.business_id, body.counted.money())
        till = await work.payments.venue.close_till(body.business_id, counted, _person(access), now)
        return await store_response(work, ok(TillRead.of(till)))


async def _counted(work: UnitOfWork, business_id: UUID, money: Money) -> int:
    """The minor units of counted cash. Raises CurrencyMismatch."""
    currency = await work.payments.venue.currency_of(business_id)
    if money.currency != currency:
        raise CurrencyMismatch({"expected": currency, "got": money.currency})
    return money.amount


def _person(access: Access) -> UUID:
    if access.user_id is None:
        raise Unauthenticated
    return access.user_id
