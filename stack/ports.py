"""Choice of TCP ports on loopback: the wanted one if it is free, else any free one."""

import fcntl
import os
import random
import socket
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Self

LOOPBACK = "127.0.0.1"

#: The object storage's programs serve gRPC on their HTTP port plus this.
GRPC_OFFSET = 10_000

#: The default port of each address.
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

#: One file per port that a stack has chosen. The same for every user and every stack of this machine.
LOCKS = Path("/tmp/omotenashi-ports")  # noqa: S108 - the files are empty; only their locks count

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


class PortLocks:
    """The ports of one stack. Two stacks that start at the same moment never choose the same port.

    A port is free until its server listens, and that is seconds after the choice. So each chosen port is locked by a
    file from the choice to the end of the context. The kernel ends the locks with the process.
    """

    def __init__(self, folder: Path = LOCKS) -> None:
        self._folder = folder
        self._reserved: dict[int, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for descriptor in self._reserved.values():
            os.close(descriptor)
        self._reserved.clear()

    def take(self, port: int) -> bool:
        """Lock a port. False if another stack holds it, or something listens on it."""
        if port in self._reserved:
            return True
        try:
            descriptor = self._open(port)
        except OSError:
            return False  # made by another user, and not readable for us
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        if not is_free(port):
            os.close(descriptor)
            return False
        self._reserved[port] = descriptor
        return True

    def _open(self, port: int) -> int:
        if not self._folder.exists():
            self._folder.mkdir(exist_ok=True)
            self._folder.chmod(0o1777)
        path = self._folder / str(port)
        try:
            # Without O_CREAT first: Linux refuses it for a file that another user has made in such a folder.
            return os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CREAT, 0o644)


def _first_outgoing_port() -> int:
    try:
        return int(_LINUX_RANGE.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 32_768


def choose_ports(
    names: Iterable[str], wanted: Mapping[str, int], take: Callable[[int], bool] = is_free
) -> dict[str, int]:
    """A port for each name: the wanted one if it is free, else a random free one.

    Random ports stay below the range from which the kernel serves outgoing connections: a client that retries while
    its server restarts could otherwise get that port, and the server could not listen.

    Args:
        names: the addresses that need a port.
        wanted: the port that each name had before, or has by default.
        take: whether a port may be used; a stack locks it there (`PortLocks.take`).

    Raises:
        RuntimeError: a thousand tries found nothing free.
    """
    chosen: dict[str, int] = {}
    used: set[int] = set()
    for name in names:
        offsets = (0, GRPC_OFFSET) if name.startswith("storage") else (0,)
        port = wanted.get(name)
        if port is None or not _usable(port, offsets, used, take):
            port = _random_port(offsets, used, take)
        chosen[name] = port
        used.update(port + offset for offset in offsets)
    return chosen


def _usable(port: int, offsets: tuple[int, ...], used: set[int], take: Callable[[int], bool]) -> bool:
    return all(port + offset not in used and take(port + offset) for offset in offsets)


def _random_port(offsets: tuple[int, ...], used: set[int], take: Callable[[int], bool]) -> int:
    highest = max(_first_outgoing_port(), 22_000) - max(offsets) - 1
    for _ in range(1000):
        port = random.randint(10_100, highest)  # noqa: S311 - not a secret
        if _usable(port, offsets, used, take):
            return port
    raise RuntimeError("no free port found on loopback")
