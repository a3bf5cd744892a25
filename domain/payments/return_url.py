"""Where a customer may return to after the bank's page for 3-D Secure.

The provider sends the customer's browser there, so an arbitrary address would be an open redirect.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from domain.errors import InvalidInput

#: Scheme, host and port, up to the path. A login before the host (``user@``) does not match.
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[^/?#@:\[\]]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{0,5}))?(?:[/?#].*)?",
    re.ASCII | re.IGNORECASE,
)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_LAST_PORT = 65535


class _Origin(NamedTuple):
    """RFC 6454: two URLs have the same origin if all three are equal. ``host`` is lower case, in ASCII."""

    scheme: str
    host: str
    port: int


def require_return_url(url: str, allowed: Iterable[str], *, loopback: bool) -> None:
    """Raises InvalidInput unless ``url`` has the origin of one of the ``allowed`` URLs. ``loopback``: this machine is
    also allowed, with any port."""
    origin = _origin_of(url)
    if origin is None or not (origin in map(_origin_of, allowed) or (loopback and origin.host in _LOOPBACK)):
        raise InvalidInput.at("return_url", "return_url_origin")


def _origin_of(url: str) -> _Origin | None:
    """None for a text that is not a web address, or that programs parse differently: with a login, a backslash, white
    space or control characters."""
    found = _URL.fullmatch(url)
    if found is None or not url.isprintable() or re.search(r"[\s\\]", url):
        return None
    scheme = found["scheme"].lower()
    port = int(found["port"] or _DEFAULT_PORTS[scheme])
    try:
        host = found["host"].encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    return _Origin(scheme, host, port) if port <= _LAST_PORT else None
