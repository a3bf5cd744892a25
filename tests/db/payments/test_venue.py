"""The cash that a till must hold: what came in after the opening, by the person who took it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from db.payments.venue import VenueEntry
from domain.money import Money
from domain.payments.venue import CorrectionReason, VenueKind, VenueMethod
from tests.support.data import NOW, add_booking
from tests.support.desk import Desk

MINUTE = timedelta(minutes=1)


async def take(desk: Desk, by: UUID, amount: int, minute: int, command_id: str = "v1") -> VenueEntry:
    """Cash for a new visit."""
    booking = await add_booking(desk.database, desk.salon, NOW + minute * timedelta(hours=2), status="checked_in")
    values = (VenueKind.PAYMENT, VenueMethod.CASH, Money(amount), by, command_id, NOW + minute * MINUTE)
    entry: VenueEntry = await desk.within(lambda work: work.payments.venue.record(booking, *values))
    return entry


async def correct(desk: Desk, entry: VenueEntry, by: UUID, amount: int, minute: int) -> list[VenueEntry]:
    """The entries that make ``entry`` one over ``amount``."""
    values = (Money(amount), None, CorrectionReason.AMOUNT, by, f"c{minute}", NOW + minute * MINUTE)
    made: list[VenueEntry] = await desk.within(lambda work: work.payments.venue.correct(entry.id, *values))
    return made


async def till(desk: Desk, step: str, by: UUID, amount: int, minute: int) -> Any:
    """Open or close a till."""
    values = (desk.salon.business_id, amount, by, NOW + minute * MINUTE)
    return await desk.within(lambda work: getattr(work.payments.venue, f"{step}_till")(*values))


async def expected(desk: Desk, minute: int) -> dict[UUID, int]:
    """The expected cash of the report, by person."""
    _, _, people = await desk.within(
        lambda work: work.payments.venue.report(desk.salon.business_id, None, NOW + minute * MINUTE)
    )
    return {one.user_id: one.expected for one in people}


async def test_cash_from_before_the_opening_counts_once(desk: Desk) -> None:
    person = desk.salon.owner_id
    await take(desk, person, 5000, 1)
    assert await expected(desk, 2) == {person: 5000}
    await till(desk, "open", person, 35_000, 3)
    assert await expected(desk, 4) == {person: 35_000}
    await take(desk, person, 600, 5, "v2")
    assert await expected(desk, 6) == {person: 35_600}
    _, _, [report] = await desk.within(lambda work: work.payments.venue.report(desk.salon.business_id, None, NOW))
    assert [(one.taken, one.net) for one in report.sums] == [(5600, 5600)]
    assert (await till(desk, "close", person, 35_600, 7)).expected == 35_600


async def test_correction_of_somebody_elses_cash_counts_where_the_cash_is(desk: Desk) -> None:
    taker, corrector = desk.salon.owner_id, desk.salon.user_id
    for person in (taker, corrector):
        await till(desk, "open", person, 10_000, 0)
    entry = await take(desk, taker, 5000, 1)
    [back, again] = await correct(desk, entry, corrector, 500, 2)
    assert await expected(desk, 3) == {taker: 10_500, corrector: 10_000}
    assert all((one.taken_by, one.corrected_by) == (taker, corrector) for one in (back, again))
    # A correction of the correction stays there too, also when the corrector has gone home.
    assert (await till(desk, "close", corrector, 10_000, 4)).expected == 10_000
    [_, last] = await correct(desk, again, corrector, 800, 5)
    assert (await till(desk, "close", taker, 10_800, 6)).expected == 10_800
    # What was counted stays counted: later it is the till of who corrects.
    await till(desk, "open", corrector, 10_000, 7)
    await correct(desk, last, corrector, 700, 8)
    assert await expected(desk, 9) == {taker: 10_800, corrector: 9_900}
