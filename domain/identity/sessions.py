"""Sessions, locks after failed logins, and how devices are recognised."""

import hashlib
import ipaddress
import re
from datetime import timedelta
from enum import StrEnum

#: Failures within the window that lock an account for one network or one known device.
FAILURES = 5
#: Failures from all networks together that lock it for every unknown device.
ACCOUNT_FAILURES = 50
WINDOW = timedelta(minutes=15)
LOCK = timedelta(minutes=30)
#: How long a device is known after a login on it.
DEVICE_KNOWN_FOR = timedelta(days=180)

_VERSIONS = re.compile(r"[0-9._]+")


class SessionEnd(StrEnum):
    """Why a session has ended."""

    LOGGED_OUT = "logged_out"
    REVOKED = "revoked"  # by its user, from another session
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a reason
    PASSWORD_RESET = "password_reset"  # noqa: S105
    TOKEN_REUSED = "token_reused"  # noqa: S105
    TWO_FACTOR_CHANGED = "two_factor_changed"
    ACCOUNT_CLOSED = "account_closed"


def device_fingerprint(user_agent: str | None, address: str | None) -> bytes:
    """The value by which a device is recognised: a hash of 32 bytes of its user agent without version numbers and its
    approximate network.

    The API sets no cookies, so this is an approximation. The network is the first 16 bits of an IPv4 address and the
    first 32 of an IPv6 address, about the region of a provider. A browser stays the same device after an update; a
    phone in another provider's network is a new device.
    """
    agent = _VERSIONS.sub("", user_agent or "")
    return hashlib.sha256(f"{agent}\0{_network(address)}".encode()).digest()


def _network(address: str | None) -> str:
    if address is None:
        return ""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return str(ipaddress.ip_network((ip, 16 if ip.version == 4 else 32), strict=False))
