"""Files of figures: in pages, resumable, written once, and not for those who are gone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any, BinaryIO
from uuid import UUID

import polars as pl
import pytest
import pytest_asyncio
from sqlalchemy import text
from temporalio.testing import ActivityEnvironment

from activities.analytics.exports import AnalyticsExportActivities, AnalyticsExportStepInput
from activities.support import heartbeats
from db.analytics.exports import AnalyticsExportRow, ExportAsked, export_key, page_query
from db.analytics.queries import _SUMS
from db.engine.session import Database, Scope
from domain.analytics.exports import ExportFormat
from domain.analytics.periods import ExportPeriod
from providers.errors import ProviderUnavailable
from providers.storage.interface import Download, Page, Stored
from tests.support import data, servers
from tests.support.data import rows

NOW = datetime(2027, 6, 1, tzinfo=UTC)
PERIOD = ExportPeriod(date(2025, 1, 1), date(2026, 12, 31))
#: Of the days in it, these are computed; the first is before it.
FIRST, LAST = date(2024, 12, 30), date(2025, 1, 7)
_FILL = f"""
    INSERT INTO analytics_daily (business_id, day, currency, {", ".join(_SUMS)})
    SELECT :id, d::date, 'JPY', {", ".join("extract(day FROM d)::int" if one == "bookings" else "0" for one in _SUMS)}
      FROM generate_series(CAST(:first AS date), CAST(:last AS date), interval '1 day') d
"""


@pytest_asyncio.fixture
async def pool(database: servers.Database) -> AsyncIterator[Database]:
    """All businesses are exported, so these tests have a database of their own."""
    async with data.opened(database) as opened:
        yield opened


@dataclass
class Shelf:
    """A storage in memory. ``away_after``: how many objects it takes before it does not answer;
    ``keeps``: it does not answer where something is deleted."""

    objects: dict[str, bytes] = field(default_factory=dict)
    puts: list[str] = field(default_factory=list)
    away_after: int = 1000
    keeps: bool = False
    #: What a slow storage waits for before it reads or writes.
    slow: Callable[[], Awaitable[None]] | None = None

    async def put(self, key: str, body: bytes | BinaryIO, content_type: str) -> None:
        if self.slow:
            await self.slow()
        if len(self.puts) >= self.away_after:
            raise ProviderUnavailable("away")
        self.puts.append(key)
        self.objects[key] = body if isinstance(body, bytes) else body.read()

    @asynccontextmanager
    async def get(self, key: str) -> AsyncIterator[Download]:
        async def chunks() -> AsyncIterator[bytes]:
            if self.slow:
                await self.slow()
            yield self.objects[key]

        yield Download(self._stored(key), chunks())

    async def list_page(self, prefix: str, after: str | None = None, limit: int = 1000) -> Page:
        return Page([self._stored(key) for key in sorted(self.objects) if key.startswith(prefix)], None)

    async def delete(self, key: str) -> None:
        if self.keeps:
            raise ProviderUnavailable("away")
        self.objects.pop(key, None)

    def _stored(self, key: str) -> Stored:
        return Stored(key, len(self.objects[key]), "", NOW)


async def fill(pool: Database) -> data.Salon:
    salon = await data.add_salon(pool)
    await rows(pool, f"{_FILL} RETURNING 1", id=salon.business_id, first=FIRST, last=LAST)
    return salon


async def asked(
    pool: Database, salon: data.Salon, business_id: UUID | None, format_: ExportFormat = ExportFormat.CSV
) -> AnalyticsExportRow:
    async with pool.unit_of_work(Scope.platform()) as work:
        return await work.analytics.exports.begin(ExportAsked(business_id, salon.owner_id, PERIOD, format_), NOW)


def steps_of(pool: Database, shelf: Shelf) -> AnalyticsExportActivities:
    """Three business days a page."""
    steps = AnalyticsExportActivities(pool, shelf, lambda: NOW)  # type: ignore[arg-type]
    steps.page = 3
    return steps


def days_of(content: bytes, format_: ExportFormat) -> list[tuple[str, str, int]]:
    frame = (
        pl.read_csv(BytesIO(content)) if format_ is ExportFormat.CSV else pl.read_parquet(BytesIO(content))
    ).with_columns(pl.col("day").cast(pl.String))
    return frame.select("day", "business_id", "bookings").rows()


@pytest.mark.parametrize("format_", list(ExportFormat))
async def test_write_joins_the_pages_of_all_businesses(pool: Database, format_: ExportFormat) -> None:
    """In the order of days, with nothing but the file left in the storage, and one e-mail."""
    salons = [await fill(pool) for _ in range(2)]
    export = await asked(pool, salons[0], None, format_)
    shelf = Shelf()
    until = await ActivityEnvironment().run(
        steps_of(pool, shelf).write, AnalyticsExportStepInput(export.id, export.business_id)
    )
    assert until is not None
    assert list(shelf.objects) == [export_key(export.id, format_)]
    ids = sorted(str(salon.business_id) for salon in salons)
    wanted = [(f"2025-01-0{day}", one, day) for day in range(1, 8) for one in ids]
    assert days_of(shelf.objects[export_key(export.id, format_)], format_) == wanted
    [mail] = await rows(pool, "SELECT user_id, kind FROM notification_outbox")
    assert mail == {"user_id": salons[0].owner_id, "kind": "analytics_export_ready"}


async def test_write_of_one_business_has_its_days_alone_and_a_byte_order_mark(pool: Database) -> None:
    salon, _ = await fill(pool), await fill(pool)
    export = await asked(pool, salon, salon.business_id)
    shelf = Shelf()
    await ActivityEnvironment().run(steps_of(pool, shelf).write, AnalyticsExportStepInput(export.id, salon.business_id))
    content = shelf.objects[export_key(export.id, export.format)]
    assert content.startswith(b"\xef\xbb\xbf")
    assert {one[1] for one in days_of(content, export.format)} == {str(salon.business_id)}


async def test_write_goes_on_after_the_page_of_the_last_heartbeat(pool: Database) -> None:
    """Seven days are three pages; the storage is away after the second."""
    salon = await fill(pool)
    export = await asked(pool, salon, salon.business_id)
    step = AnalyticsExportStepInput(export.id, salon.business_id)
    shelf = Shelf(away_after=2)
    beats: list[tuple[Any, ...]] = []
    first = ActivityEnvironment()
    first.on_heartbeat = lambda *details: beats.append(details)
    with pytest.raises(ProviderUnavailable):
        await first.run(steps_of(pool, shelf).write, step)
    shelf.away_after, shelf.puts = 1000, []
    second = ActivityEnvironment()
    second.info = replace(second.default_info(), heartbeat_details=list(beats[-1]))
    await second.run(steps_of(pool, shelf).write, step)
    assert [key.rsplit("/", 1)[-1] for key in shelf.puts] == ["000002.parquet", f"{export.id}.csv"]
    content = shelf.objects[export_key(export.id, export.format)]
    assert [one[2] for one in days_of(content, export.format)] == list(range(1, 8))


async def test_write_leaves_a_ready_file_as_it_is(pool: Database) -> None:
    """As for a run that was restored after Temporal lost it: same end, no second e-mail."""
    salon = await fill(pool)
    export = await asked(pool, salon, salon.business_id)
    shelf = Shelf()
    step = AnalyticsExportStepInput(export.id, salon.business_id)
    first = await ActivityEnvironment().run(steps_of(pool, shelf).write, step)
    before = len(shelf.puts)
    later = steps_of(pool, shelf)
    later._now = lambda: datetime(2027, 6, 3, tzinfo=UTC)
    assert await ActivityEnvironment().run(later.write, step) == first
    assert len(shelf.puts) == before
    assert len(await rows(pool, "SELECT 1 FROM notification_outbox")) == 1


@pytest.mark.parametrize(
    "gone",
    [
        "UPDATE businesses SET deleted_at = now() RETURNING 1",
        "UPDATE users SET deleted_at = now() RETURNING 1",
    ],
)
async def test_write_keeps_no_file_for_those_who_are_gone(pool: Database, gone: str) -> None:
    salon = await fill(pool)
    export = await asked(pool, salon, salon.business_id)
    await rows(pool, gone)
    shelf = Shelf()
    step = AnalyticsExportStepInput(export.id, salon.business_id)
    assert await ActivityEnvironment().run(steps_of(pool, shelf).write, step) is None
    assert shelf.objects == {}
    assert await rows(pool, "SELECT status FROM analytics_exports") == [{"status": "expired"}]
    assert await rows(pool, "SELECT 1 FROM notification_outbox") == []


async def test_remove_and_fail_end_the_export_and_leave_nothing(pool: Database) -> None:
    salon = await fill(pool)
    export = await asked(pool, salon, salon.business_id)
    shelf = Shelf()
    step = AnalyticsExportStepInput(export.id, salon.business_id)
    await ActivityEnvironment().run(steps_of(pool, shelf).write, step)
    await steps_of(pool, shelf).remove(step)
    other = await asked(pool, salon, salon.business_id, ExportFormat.PARQUET)
    broken = Shelf(away_after=1)
    with pytest.raises(ProviderUnavailable):
        await ActivityEnvironment().run(
            steps_of(pool, broken).write, AnalyticsExportStepInput(other.id, salon.business_id)
        )
    await steps_of(pool, broken).fail(AnalyticsExportStepInput(other.id, salon.business_id))
    assert shelf.objects == broken.objects == {}
    found = await rows(pool, "SELECT status FROM analytics_exports ORDER BY id")
    assert [one["status"] for one in found] == ["expired", "failed"]


async def test_fail_deletes_a_file_that_was_stored_and_not_marked(pool: Database) -> None:
    """As after a worker that was killed between the two. Where the storage is away, the row stays and `fail` is called
    again."""
    salon = await fill(pool)
    export = await asked(pool, salon, salon.business_id)
    step = AnalyticsExportStepInput(export.id, salon.business_id)
    key = export_key(export.id, export.format)
    shelf = Shelf({key: b"figures"}, keeps=True)
    with pytest.raises(ProviderUnavailable):
        await steps_of(pool, shelf).fail(step)
    assert await rows(pool, "SELECT status FROM analytics_exports") == [{"status": "queued"}]
    shelf.keeps = False
    await steps_of(pool, shelf).fail(step)
    assert shelf.objects == {}
    assert await rows(pool, "SELECT status FROM analytics_exports") == [{"status": "failed"}]


async def test_write_of_an_export_that_has_ended_deletes_its_file(pool: Database) -> None:
    """As of a try that stored the file and found then that nobody wants it, while the storage went away."""
    salon = await fill(pool)
    export = await asked(pool, salon, salon.business_id)
    await rows(pool, "UPDATE analytics_exports SET status = 'expired' RETURNING 1")
    shelf = Shelf({export_key(export.id, export.format): b"figures"})
    step = AnalyticsExportStepInput(export.id, salon.business_id)
    assert await ActivityEnvironment().run(steps_of(pool, shelf).write, step) is None
    assert shelf.objects == {}


async def test_write_sends_heartbeats_while_the_storage_is_slow(
    pool: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each object takes longer than two of them: a page, the file from its pages, and the file."""
    monkeypatch.setattr(heartbeats, "BEAT", timedelta(milliseconds=1))
    salon = await fill(pool)
    export = await asked(pool, salon, salon.business_id)
    beats: list[tuple[Any, ...]] = []

    async def two_beats() -> None:
        seen = len(beats)
        async with asyncio.timeout(5):
            while len(beats) < seen + 2:  # noqa: ASYNC110 - the callback is not awaited
                await asyncio.sleep(0.001)

    shelf = Shelf(slow=two_beats)
    environment = ActivityEnvironment()
    environment.on_heartbeat = lambda *details: beats.append(details)
    step = AnalyticsExportStepInput(export.id, salon.business_id)
    assert await environment.run(steps_of(pool, shelf).write, step) is not None
    assert beats[0] == ()
    assert beats[-1] == (3, "", "")


async def test_mark_ready_of_a_file_of_more_than_two_gigabytes(pool: Database) -> None:
    salon = await fill(pool)
    export = await asked(pool, salon, None)
    async with pool.unit_of_work(Scope.platform()) as work:
        assert await work.analytics.exports.mark_ready(export.id, 3_000_000_000, NOW, NOW + timedelta(days=7))
        assert (await work.analytics.exports.get(export.id)).size == 3_000_000_000


@pytest.mark.parametrize("after", [None, (date(2025, 1, 2), UUID(int=1))])
@pytest.mark.parametrize("is_one", [True, False])
async def test_pages_are_read_in_order_without_sorting(
    pool: Database, is_one: bool, after: tuple[date, UUID] | None
) -> None:
    """A page of millions of business days must not look at all of them. The planner sorts as a last resort
    only."""
    salon = await fill(pool)
    export = await asked(pool, salon, salon.business_id if is_one else None)
    query, values = page_query(export, after, 3)
    async with pool.unit_of_work(Scope.platform()) as work:
        await work.session.execute(text("SET LOCAL enable_sort = off"))
        plan = "\n".join(await work.session.scalars(text(f"EXPLAIN {query.text}"), values))
    assert "Sort" not in plan, plan
    if not is_one:
        assert "ix_analytics_daily_day" in plan
        assert ("ROW(day, business_id) >" in plan) is (after is not None), plan
