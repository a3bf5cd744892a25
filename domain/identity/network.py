"""Which addresses count as one network client."""

import ipaddress


def network_of(address: str | None) -> str:
    """The network of a client: an IPv4 address, or the first address of an IPv6 /64, which one connection has."""
    if address is None:
        return "unknown"
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False).network_address)
