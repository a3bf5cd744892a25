"""Fifty customers book through the pages at once while the API is killed: everybody who saw the booking has it, once.

They have plain forms and no JavaScript, and do what people do when nothing comes: they send the same form again.
"""

import asyncio
import os
import random
import signal
from collections import Counter
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx
import pytest

from db.engine.session import Database
from db.engine.session import connect as connect_database
from stack.folder import DataFolder
from stack.platform import Platform
from tests.api.pages.visitor import Visitor
from tests.chaos.killer import Crashes
from tests.support import data, servers
from tests.support.sampling import is_whole

VISITORS = 50
KILLS = 4
SLUG = "salon-sakura"
#: A visitor who gets nothing for so long has met a fault of ours.
_PATIENCE = 90.0


class Person:
    """One visitor, who tries each step until there is a page."""

    def __init__(self, address: str, number: int) -> None:
        self.email = f"visitor{number}@example.jp"
        self.cancels = number % 3 == 0
        self._dice = random.Random(number)
        self._visitor = Visitor(
            httpx.AsyncClient(base_url=address, headers={"Accept-Language": "en"}, timeout=15, trust_env=False)
        )
        self.booking = ""
        self.lost = 0

    async def live(self, service: str, day: str) -> None:
        """Choose, book, and for some of them cancel."""
        visitor = self._visitor
        try:
            await self._until_there(lambda: visitor.open(f"/{SLUG}/book", service=service, day=day))
            times = visitor.links("start=")
            while not self.booking:
                where = self._dice.choice(times)
                await self._until_there(lambda chosen=where: visitor.open(chosen))  # type: ignore[misc]
                contact = {"family_name": "佐藤", "given_name": "愛", "email": self.email}
                await self._send(f"/{SLUG}/book", step="confirm", **contact)
                page = await self._send(f"/{SLUG}/book", step="book")
                if page.status_code == 409:
                    times = visitor.links("start=") or times
                elif page.url.path.startswith("/bookings/"):
                    self.booking = urlsplit(str(page.url)).path
                else:
                    raise AssertionError(f"{page.status_code} {page.url}: {page.text[:2000]}")
            if self.cancels:
                await self._until_there(lambda: visitor.open(f"{self.booking}/cancel"))
                page = await self._send(f"{self.booking}/cancel")
                assert "cancelled" in page.text, page.text[:2000]
        finally:
            await visitor.http.aclose()

    async def _send(self, address: str, **typed: str) -> httpx.Response:
        """The form of the page that is shown, again and again until it is answered."""
        form = self._visitor.page

        async def send() -> httpx.Response:
            self._visitor.page = form
            return await self._visitor.send(address, **typed)

        return await self._until_there(send)

    async def _until_there(self, step) -> httpx.Response:  # type: ignore[no-untyped-def]
        async with asyncio.timeout(_PATIENCE):
            while True:
                try:
                    page: httpx.Response = await step()
                except httpx.TransportError:
                    page = httpx.Response(503)
                if page.status_code < 500:
                    return page
                assert page.status_code == 503, page.text[:2000]
                self.lost += 1
                await asyncio.sleep(self._dice.uniform(0.2, 1.0))


async def salon(database: Database) -> str:
    """Six staff and one service, which is paid at the venue; gives its id."""
    business_id = await data.add_business(database, slug=SLUG)
    staff = [await data.add_resource(database, business_id) for _ in range(6)]
    await data.rows(database, "UPDATE business_settings SET unproven_holds = 1000, slot_interval_minutes = 60")
    return str(await data.add_service(database, business_id, *staff))


async def kill(platform: Platform, crashes: Crashes) -> None:
    """The API, each time when it is back."""
    dice = random.Random(7)
    for _ in range(KILLS):
        await asyncio.sleep(dice.uniform(1.0, 3.0))
        while (pid := platform.supervisor.child("api").pid) is None:  # noqa: ASYNC110 - the supervisor has no event
            await asyncio.sleep(0.05)
        crashes.ordered("api")
        os.kill(pid, signal.SIGKILL)


@pytest.mark.chaos
@pytest.mark.skipif(not is_whole(), reason="make test-all")
@pytest.mark.timeout(400)
async def test_fifty_customers_book_through_pages_while_the_api_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    # All of them share this machine's address.
    monkeypatch.setenv("OMOTENASHI_UNPAID_BOOKINGS_PER_NETWORK", "1000")
    monkeypatch.setenv("OMOTENASHI_RATE_LIMIT_BOOKING", "1000/10m")
    crashes = Crashes()
    async with (
        servers.scratch_folder() as folder,
        Platform(DataFolder.at(folder), crashes, free_ports=True) as platform,
    ):
        made = platform.servers()
        await platform.supervisor.start(made.postgres.program(), made.redis.program(), made.temporal.program())
        await platform.start_parts(seed=False)
        database = connect_database(platform.settings())
        service = await salon(database)
        day = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
        people = [Person(f"http://127.0.0.1:{platform.ports['api']}", number) for number in range(VISITORS)]
        await asyncio.gather(kill(platform, crashes), *(person.live(service, day) for person in people))
        rows = await data.rows(database, "SELECT email, status FROM bookings")
        await database.close()
        platform.supervisor.force()
    assert crashes.kills == {"api": KILLS}
    assert Counter(row["email"] for row in rows) == Counter(person.email for person in people), "each has one"
    cancelled = {person.email for person in people if person.cancels}
    assert {row["email"] for row in rows if row["status"] == "cancelled"} == cancelled
    assert {row["status"] for row in rows} == {"confirmed", "cancelled"}
    # Somebody was in the middle of a step when it was killed, else the run shows nothing.
    assert sum(person.lost for person in people) > 0
