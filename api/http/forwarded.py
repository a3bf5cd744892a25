"""The address of a client behind proxies. Only the proxies of the settings are trusted.

Each proxy appends the address that called it to ``X-Forwarded-For``. So the list is read from the right: as long as an
address is one of our proxies, that proxy wrote the entry to its left; the first other address is the client. Entries
further left may be forged.
"""

import functools
import ipaddress
from collections.abc import Iterable, Sequence

import structlog
from starlette.types import Scope

log = structlog.get_logger(__name__)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


#: Addresses that are named in the log.
_MOST_NAMED = 20


class TrustedProxies:
    """The networks of our proxies."""

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks: Sequence[Network] = [ipaddress.ip_network(network) for network in networks]
        self._named: set[Address] = set()

    def settle(self, scope: Scope) -> None:
        """Put the client's address into ``scope["client"]``, where all code reads it."""
        peer = scope.get("client")
        if not peer:
            return
        address = parse_address(peer[0])
        if address is not None:
            scope["client"] = (str(self._client(address, scope)), peer[1])

    def _client(self, peer: Address, scope: Scope) -> Address:
        if not self._trusts(peer):
            self._warn(peer, scope)
            return peer
        client = peer
        for written in reversed(_forwarded_for(scope)):
            found = parse_address(written)
            if found is None:
                return client  # not an address: the proxy that wrote it is the last known client
            client = found
            if not self._trusts(client):
                return client
        return client

    def _warn(self, peer: Address, scope: Scope) -> None:
        """Name an address near us that forwards requests, once. If it is a proxy of ours, everybody behind it shares
        the limits of one address until it is trusted."""
        if peer.is_private and len(self._named) < _MOST_NAMED and peer not in self._named and _forwarded_for(scope):
            self._named.add(peer)
            log.warning("proxy_not_trusted", peer=str(peer), setting="OMOTENASHI_TRUSTED_PROXIES")

    def _trusts(self, address: Address) -> bool:
        return any(address.version == network.version and address in network for network in self._networks)


def was_forwarded(scope: Scope) -> bool:
    """Whether the request was forwarded by a proxy."""
    return any(name in {b"x-forwarded-for", b"forwarded"} for name, _ in scope["headers"])


@functools.lru_cache(maxsize=4096)
def parse_address(written: str) -> Address | None:
    """An address with or without port and brackets. An IPv4-mapped IPv6 address becomes an IPv4 address; a zone is
    removed."""
    text = written.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _forwarded_for(scope: Scope) -> list[str]:
    values = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return [part for value in values for part in value.split(",") if part.strip()]
