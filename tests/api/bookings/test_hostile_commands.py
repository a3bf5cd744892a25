"""Commands at the edges of what their types allow, against bookings in every state: each is answered with a code, and
the run takes the next command."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from api.http.times import FIRST_YEAR, LAST_YEAR
from db.engine.session import Database as Pool
from tests.api.bookings.test_commands import Live, _cannot_keep, command, opened_live, read
from tests.api.bookings.test_moves import paid
from tests.api.conftest import Clock, error_of
from tests.api.salon import keyed
from tests.e2e.platform import running_platform
from tests.support import data, servers

#: The first and the last time that a request may name, what is just outside, and times near now that no list offers.
TIMES = (
    f"{FIRST_YEAR}-01-01T00:00:00Z",
    f"{LAST_YEAR}-12-31T23:59:59.999999Z",
    f"{LAST_YEAR}-12-31T23:59:59-12:00",
    "9999-12-31T23:59:59+09:00",
    "0001-01-01T00:00:00+14:00",
)
NEAR = (timedelta(), timedelta(microseconds=1), timedelta(days=-1), timedelta(days=3650), timedelta(days=40, seconds=1))
#: Of a reason, as long as it may be and of signs that are hard to store or to show.
REASON = "\u202e㍿👨‍👩‍👧" * 50
#: What ends a booking by itself is sent at the end.
PLAIN = ("check-in", "complete", "no-show", "undo", "reaccommodation/decline")


def hostile() -> list[tuple[str, dict[str, Any]]]:
    """Commands with their bodies."""
    now = datetime.now(UTC)
    times = (*TIMES, *((now + apart).isoformat() for apart in NEAR))
    moves = [(name, {"start_at": at}) for at in times for name in ("reschedule", "reaccommodation/accept")]
    return [*moves, *((name, {"reason": REASON} if "/" not in name else {}) for name in PLAIN)]


async def fresh(live: Live) -> str:
    """Not paid yet."""
    wanted = live.salon.booking_body(live.salon.at(10))
    return str((await live.salon.customer.post("/bookings", json=wanted, headers=keyed())).json()["data"]["id"])


async def paid_whole(live: Live) -> str:
    """Confirmed, its price captured."""
    return str(await paid(live, live.salon.at(10)))


async def approved(live: Live) -> str:
    """Asked for by the customer, approved by staff."""
    setting = "UPDATE services SET payment_mode = 'at_venue', approval_mode = 'manual'"
    await data.rows(live.pool, setting)
    booking_id = await fresh(live)
    assert read(await command(live.salon.staff, booking_id, "confirm")).status == "confirmed"
    return booking_id


STATES: dict[str, Callable[[Live], Awaitable[str]]] = {
    "fresh": fresh,
    "paid": paid_whole,
    "approved": approved,
    "stranded": _cannot_keep,
}


@pytest_asyncio.fixture
async def live(database: servers.Database, pool: Pool, clock: Clock, temporal_server: str) -> AsyncIterator[Live]:
    """With workers and relay."""
    async with (
        opened_live(database, pool, clock, temporal_server) as opened,
        running_platform(opened.settings, opened.client),
    ):
        yield opened


@pytest.mark.parametrize("state", STATES)
async def test_commands_at_the_edges_are_answered_and_the_run_takes_the_next(live: Live, state: str) -> None:
    salon, booking_id = live.salon, await STATES[state](live)
    before = await live.status(booking_id)
    for name, body in hostile():
        if (state, name) == ("stranded", "reaccommodation/decline"):
            continue  # that is the answer which it asks for
        for person in (salon.customer, salon.staff):
            answer = await command(person, booking_id, name, **body)
            assert 400 <= answer.status_code < 500, (name, body, answer.text)
            assert error_of(answer)[1] != "internal_error", (name, body)
    assert await live.status(booking_id) == before
    assert await data.rows(live.pool, "SELECT kind FROM attention WHERE kind = 'command_failed'") == []
    assert read(await command(salon.staff, booking_id, "cancel", reason=REASON)).status == "cancelled"
