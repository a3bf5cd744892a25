"""``omotenashi up``: runs the platform until it is stopped."""

import asyncio
import os
import signal
from contextlib import suppress
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from stack.binaries import BinaryMissing
from stack.folder import DataFolder, FolderInUse
from stack.platform import Platform
from stack.processes import StartFailed
from stack.reports import ConsoleReporter
from stack.seed_logins import ADMIN, CUSTOMER, IZAKAYA_OWNER, OWNER, PASSWORD
from stack.supervisor import Supervisor

#: The pages, which people open first; the business is the one of the example data.
_PAGES = (("Booking page (example)", "/salon-hana"), ("Dashboard", "/console"))
#: The name of each address in the table, in this order.
_ROWS = (
    ("API", "api"),
    ("API documentation", "docs"),
    ("Temporal UI", "temporal_ui"),
    ("Mailbox", "mailbox"),
    ("Provider sandbox", "sandbox"),
    ("Object storage (S3)", "s3"),
    ("Postgres", "postgres"),
    ("Redis", "redis"),
    ("Temporal", "temporal"),
)

_SERVERS_ALONE = frozenset({"temporal_ui", "s3", "postgres", "redis", "temporal"})


@dataclass(frozen=True, slots=True)
class UpOptions:
    """The options of the command line."""

    folder: DataFolder
    only_servers: bool = False
    free_ports: bool = False
    seed: bool = True


def run(options: UpOptions, console: Console) -> int:
    """Start, print the addresses, wait for Ctrl-C or SIGTERM, stop.

    Returns:
        The exit code: 0 after a wanted stop, 1 if it could not start.
    """
    return asyncio.run(_run(options, console))


async def _run(options: UpOptions, console: Console) -> int:
    platform = Platform(options.folder, ConsoleReporter(console), free_ports=options.free_ports)
    wanted_stop = stop_on_signals(platform.supervisor)
    try:
        async with platform:
            starting = asyncio.create_task(_start(platform, options, console))
            stopped = asyncio.create_task(wanted_stop.wait())
            await asyncio.wait({starting, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                await stopped
            else:
                starting.cancel()
                with suppress(asyncio.CancelledError):
                    await starting
    except (StartFailed, FolderInUse, BinaryMissing) as failure:
        console.print(Text("✗ ", style="red") + Text(str(failure)), soft_wrap=True)
        return 1
    return 0


async def _start(platform: Platform, options: UpOptions, console: Console) -> None:
    await platform.start_servers()
    if not options.only_servers:
        await platform.start_parts(seed=options.seed)
    console.print(_table(platform, options.only_servers))
    if not options.only_servers and options.seed:
        console.print(
            f"Demo logins, password {PASSWORD}: {OWNER} (owner of the salon), {IZAKAYA_OWNER} (owner of the"
            f" izakaya), {CUSTOMER} (customer) and {ADMIN} (operator)\n"
            "Open the mailbox to read the e-mails.",
            soft_wrap=True,
            highlight=False,
        )
    console.print(f"Stop with Ctrl-C, or from elsewhere: kill {os.getpid()}", soft_wrap=True, highlight=False)


def _table(platform: Platform, only_servers: bool) -> Table:
    table = Table(show_header=False, pad_edge=False)
    if not only_servers:
        for label, path in _PAGES:
            table.add_row(label, Text(f"{platform.addresses['api']}{path}", overflow="fold"))
    for label, name in _ROWS:
        if not only_servers or name in _SERVERS_ALONE:
            table.add_row(label, Text(platform.addresses[name], overflow="fold"))
    table.add_row("Data and logs", Text(str(platform.folder.root), overflow="fold"))
    table.add_row("Settings", Text(str(platform.folder.environment_file), overflow="fold"))
    return table


def stop_on_signals(supervisor: Supervisor) -> asyncio.Event:
    """Set the returned event at the first Ctrl-C, SIGTERM or SIGHUP; a second one ends the children at once."""
    wanted = asyncio.Event()

    def react() -> None:
        if wanted.is_set():
            supervisor.force()
        wanted.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, react)
    return wanted
