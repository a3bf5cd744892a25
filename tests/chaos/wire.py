"""HTTP over plain sockets, a connection per customer: the client must cost little beside what it watches, which shares
the machine with it."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress


class Broken(Exception):
    """No answer came: nobody listened, the connection ended in the middle, or it took too long. Says which."""


class Wire:
    """Requests to one address of loopback, one at a time over a connection that is kept while it works."""

    def __init__(self, port: int, timeout: float) -> None:
        self._port = port
        self._timeout = timeout
        self._open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def request(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Status and body. Raises Broken."""
        content = b"" if body is None else json.dumps(body).encode()
        lines = {"Host": f"127.0.0.1:{self._port}", "Content-Length": str(len(content)), **(headers or {})}
        if content:
            lines["Content-Type"] = "application/json"
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        raw = f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + content
        try:
            async with asyncio.timeout(self._timeout):
                return await self._exchange(raw)
        except ConnectionRefusedError:
            raise Broken("not connected") from None
        except TimeoutError:
            self.close()
            raise Broken(f"no answer in {self._timeout:.0f} s") from None
        except (OSError, asyncio.IncompleteReadError) as error:
            self.close()
            raise Broken(type(error).__name__) from None

    def close(self) -> None:
        """Forget the connection."""
        if self._open is not None:
            self._open[1].close()
            self._open = None

    async def _exchange(self, raw: bytes) -> tuple[int, bytes]:
        if self._open is None:
            self._open = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._open
        writer.write(raw)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        status, size = int(head[9:12]), 0
        for line in head.split(b"\r\n"):
            if line.startswith(b"content-length:"):
                size = int(line[15:])
        content = await reader.readexactly(size)
        if b"\r\nconnection: close" in head:
            self.close()
        return status, content

    async def aclose(self) -> None:
        """Close it and wait for the end."""
        if self._open is not None:
            writer = self._open[1]
            self.close()
            with suppress(OSError):
                await writer.wait_closed()
