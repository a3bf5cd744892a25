"""Choice of TCP ports on loopback: the wanted one if it is free, else any free one."""

import random
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path

LOOPBACK = "127.0.0.1"

#: The object storage's programs speak gRPC on their HTTP port plus this.
GRPC_OFFSET = 10_000

#: What each address listens on when nothing is in the way.
DEFAULT_PORTS: Mapping[str, int] = {
    "api": 4000,
    "sandbox": 4010,
    "postgres": 5432,
    "redis": 6379,
    "temporal": 7233,
    "temporal_ui": 8233,
    "temporal_http": 7243,
    "temporal_metrics": 7253,
    "storage": 8333,
    "storage_master": 9333,
    "storage_volume": 9340,
    "storage_filer": 8888,
    "storage_admin": 9646,
}

_LINUX_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def is_free(port: int) -> bool:
    """Whether a server could listen on ``port`` of loopback now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def _first_outgoing_port() -> int:
    try:
        return int(_LINUX_RANGE.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 32_768


def choose_ports(names: Iterable[str], wanted: Mapping[str, int]) -> dict[str, int]:
    """A port for each name: the wanted one if it is free, else a random free one.

    Random ports stay below the range from which the kernel serves outgoing connections: a client that retries while
    its server restarts could otherwise be given that very port and lock the server out.

    Raises:
        RuntimeError: a thousand tries found nothing free.
    """
    chosen: dict[str, int] = {}
    used: set[int] = set()
    for name in names:
        offsets = (0, GRPC_OFFSET) if name.startswith("storage") else (0,)
        port = wanted.get(name)
        if port is None or not _usable(port, offsets, used):
            port = _random_port(offsets, used)
        chosen[name] = port
        used.update(port + offset for offset in offsets)
    return chosen


def _usable(port: int, offsets: tuple[int, ...], used: set[int]) -> bool:
    return all(port + offset not in used and is_free(port + offset) for offset in offsets)


def _random_port(offsets: tuple[int, ...], used: set[int]) -> int:
    highest = max(_first_outgoing_port(), 22_000) - max(offsets) - 1
    for _ in range(1000):
        port = random.randint(10_100, highest)  # noqa: S311 - not a secret
        if _usable(port, offsets, used):
            return port
    raise RuntimeError("no free port found on loopback")
