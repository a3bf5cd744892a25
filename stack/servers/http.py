"""The one request a readiness probe makes."""

import asyncio
from urllib.parse import urlsplit


async def status_of(url: str) -> int:
    """The status code of a GET, without a client library: probes run before anything heavy is imported.

    Raises:
        OSError: nobody answered.
    """
    head, _ = await _get(url)
    words = head.split(None, 2)
    return int(words[1]) if len(words) > 1 else 0


async def body_of(url: str) -> str:
    """The body of a GET, or nothing if the status is not 200.

    Raises:
        OSError: nobody answered.
    """
    head, body = await _get(url)
    return body.decode(errors="replace") if head.split(None, 2)[1:2] == [b"200"] else ""


async def _get(url: str) -> tuple[bytes, bytes]:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        # HTTP/1.0: the body comes in one piece and ends with the connection.
        writer.write(f"GET {target} HTTP/1.0\r\nHost: {parts.netloc}\r\n\r\n".encode())
        await writer.drain()
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        return head, body
    finally:
        writer.close()
        await writer.wait_closed()
