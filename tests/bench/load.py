"""A client that costs little: keep-alive connections over plain sockets, one request at a time on each."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field


@dataclass
class Outcome:
    """What a run gave. ``latencies`` in seconds, in no order; ``seconds`` is the wall time of the whole run."""

    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0
    size: int = 0

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def percentile(self, percent: float) -> float:
        """Milliseconds within which ``percent`` of the requests were answered."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] * 1000 if ordered else 0.0

    def summary(self) -> dict[str, object]:
        """For the JSON and the table."""
        return {
            "requests": len(self.latencies),
            "per_second": round(self.rate, 1),
            "p50_ms": round(self.percentile(50), 2),
            "p95_ms": round(self.percentile(95), 2),
            "p99_ms": round(self.percentile(99), 2),
            "max_ms": round(self.percentile(100), 2),
            "statuses": {str(status): count for status, count in sorted(self.statuses.items())},
        }


def get(path: str, host: str = "bench") -> bytes:
    """A GET request."""
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


def post(path: str, body: bytes, headers: Sequence[tuple[str, str]], host: str = "bench") -> bytes:
    """A POST request with a JSON body."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n{lines}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    lower = head.lower()
    start = lower.index(b"content-length:") + 15
    length = int(lower[start : lower.index(b"\r\n", start)])
    return int(head[9:12]), await reader.readexactly(length)


async def run(
    port: int, connections: int, requests: Iterator[bytes], seen: Callable[[int, bytes], None] | None = None
) -> Outcome:
    """Send every request over ``connections`` connections to loopback, each waiting for its answer."""
    outcome = Outcome()

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            for request in requests:
                began = time.perf_counter()
                writer.write(request)
                status, body = await _answer(reader)
                outcome.latencies.append(time.perf_counter() - began)
                outcome.statuses[status] += 1
                outcome.size = len(body)
                if seen:
                    seen(status, body)
        finally:
            writer.close()
            await writer.wait_closed()

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(connections)))
    outcome.seconds = time.perf_counter() - began
    return outcome
