"""Plays the scenes on a stack that is made for them, audits what they left, and says how long it took."""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from pathlib import Path

import httpx
from rich.console import Console

from db.engine.session import connect as connect_database
from db.invariants import Limits
from domain.errors import Unavailable
from runtime.temporal import connect as connect_temporal
from stack.audit.invariants import Report
from stack.audit.report import audit, show
from stack.binaries import BinaryMissing
from stack.demo.expectations import Unexpected, until
from stack.demo.people import Person
from stack.demo.provider import Provider
from stack.demo.salon import Salon
from stack.demo.scenes import (
    cancellation,
    cards,
    crash,
    crowd,
    expiry,
    late_money,
    opening,
    providers,
    review,
    visit,
    waitlist,
)
from stack.demo.timeline import Timeline
from stack.folder import DataFolder, FolderInUse
from stack.platform import Platform
from stack.processes import StartFailed
from stack.up import stop_on_signals

#: Nothing may be under way any more: whatever is late is lost.
_NO_PATIENCE = Limits(*(timedelta(),) * 6)
#: For the last messages and refunds to arrive before the audit.
_DRAINS_WITHIN = 20.0
#: What a shell says of a program that Ctrl-C ended.
_STOPPED = 130


def run(console: Console, data_dir: Path | None = None, keep: bool = False) -> int:
    """Play everything.

    Args:
        console: where the timeline goes.
        data_dir: an empty or new folder for the stack, left as it is at the end; without it a temporary one, removed
            unless something went wrong.
        keep: leave the stack running at the end until Ctrl-C, and its folder behind.

    Returns:
        The exit code: 0, or 1 for anything that was not as promised, or 130 when it was stopped before the end.
    """
    if data_dir is not None and data_dir.exists() and any(data_dir.iterdir()):
        console.print(f"The demo needs a folder of its own; {data_dir} is not empty.", markup=False)
        return 1
    folder = DataFolder.at(data_dir or Path(tempfile.mkdtemp(prefix="omotenashi-demo-")))
    timeline = Timeline(console)
    code = 1
    try:
        platform = Platform(folder, timeline, free_ports=True)
        code = asyncio.run(_on_a_stack(platform, timeline, keep=keep, kept_folder=data_dir is not None))
    except (StartFailed, FolderInUse, BinaryMissing) as failure:
        timeline.plain(f"✗ {failure}", "red")
    finally:
        if data_dir is None and not keep and code != 1:
            shutil.rmtree(folder.root, ignore_errors=True)
        else:
            timeline.plain(f"Logs and data: {folder.root}")
    return code


async def _on_a_stack(platform: Platform, timeline: Timeline, *, keep: bool, kept_folder: bool) -> int:
    wanted_stop = stop_on_signals(platform.supervisor)
    async with platform:
        playing = asyncio.create_task(_play(platform, timeline))
        stopped = asyncio.create_task(wanted_stop.wait())
        await asyncio.wait({playing, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not playing.done():
            playing.cancel()
            with suppress(asyncio.CancelledError):
                await playing
            timeline.plain("stopped before the end", "yellow")
            return _STOPPED
        code = playing.result()
        if not keep and not kept_folder:
            # Nobody needs the data any more: no server has to put it in order.
            platform.supervisor.force()
        if keep:
            for name in ("api", "docs", "mailbox", "temporal_ui"):
                timeline.plain(f"{name:>12}  {platform.addresses[name]}")
            timeline.plain("It keeps running: stop it with Ctrl-C.")
            await stopped
        stopped.cancel()
    return code


async def _play(platform: Platform, timeline: Timeline) -> int:
    """The exit code."""
    try:
        await _start(platform, timeline)
        async with AsyncExitStack() as stack:
            salon = await _people(platform, timeline, stack)
            for number, (title, scene) in enumerate(_scenes(salon, platform), 1):
                timeline.heading(f"{number}  {title}")
                await scene()
            report = await _audit(platform, salon)
    except Unexpected as surprise:
        timeline.plain(f"✗ +{timeline.seconds:.1f}s expected {surprise.expected}", "bold red")
        timeline.plain(f"  found {surprise.found}", "red")
        return 1
    timeline.heading("Result")
    show(report, as_json=False)
    timeline.plain(f"Temporal UI: {platform.addresses['temporal_ui']} (with --keep it stays open)")
    timeline.plain(f"{timeline.seconds:.1f} s in all")
    return 1 if report.total or report.unchecked else 0


def _scenes(salon: Salon, platform: Platform) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
    return [
        (opening.TITLE, lambda: opening.play(salon)),
        (review.TITLE, lambda: review.play(salon, platform.settings())),
        (opening.LOOK, lambda: opening.look(salon)),
        (visit.TITLE, lambda: visit.play(salon)),
        (expiry.TITLE, lambda: expiry.play(salon)),
        (cards.TITLE, lambda: cards.play(salon)),
        (cancellation.TITLE, lambda: cancellation.play(salon)),
        (providers.TITLE, lambda: providers.play(salon)),
        (late_money.TITLE, lambda: late_money.play(salon)),
        (crash.TITLE, lambda: crash.play(salon, platform)),
        (crowd.TITLE, lambda: crowd.play(salon)),
        (waitlist.TITLE, lambda: waitlist.play(salon)),
    ]


async def _start(platform: Platform, timeline: Timeline) -> None:
    timeline.heading("A fresh stack")
    await platform.start_servers()
    timeline.say(f"ready: {', '.join(timeline.take_ready())}")
    await platform.start_parts(seed=False)
    timeline.say(f"ready: {', '.join(timeline.take_ready())}")
    timeline.say("the Temporal UI", platform.addresses["temporal_ui"])


async def _people(platform: Platform, timeline: Timeline, stack: AsyncExitStack) -> Salon:
    async def client(name: str) -> httpx.AsyncClient:
        # No proxy of the environment stands between two processes of one machine.
        made = httpx.AsyncClient(base_url=platform.addresses[name], timeout=30, trust_env=False)
        return await stack.enter_async_context(made)

    api, provider = await client("api"), Provider(await client("sandbox"), platform.settings())
    return Salon(
        timeline,
        provider,
        owner=Person(api, "Sakura"),
        hanako=Person(api, "Hanako"),
        ken=Person(api, "Ken", "en"),
        guest=Person(api, "Guest"),
        admin=Person(api, "Admin"),
    )


async def _audit(platform: Platform, salon: Salon) -> Report:
    """The report, once nothing is under way any more; the last one if that does not come."""
    settings = platform.settings()
    database = connect_database(settings)
    temporal = await connect_temporal(settings, process="demo")
    reports: list[Report] = []

    async def look() -> Report:
        with suppress(Unavailable):
            reports.append(await audit(database, temporal, _NO_PATIENCE))
        return reports[-1]

    try:
        await until("no webhook under way", salon.provider.webhooks_under_way, lambda count: count == 0)
        with suppress(Unexpected):
            await until("an audit without violations", look, lambda report: not report.total, _DRAINS_WITHIN)
    finally:
        await database.close()
    return reports[-1]
