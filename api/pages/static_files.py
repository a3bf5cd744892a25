"""The files of the pages. Each has the hash of its content in its URL, so that browsers may keep it for a year."""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.errors import NotFound

PATH = "/static"
_FOLDER = Path(str(files("api.pages"))) / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Vary": "Accept-Encoding",
}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """``address``: path with the hash, such as ``/static/site.3f2a9c1b7d04.css``. ``packed``: with gzip."""

    address: str
    content: bytes
    packed: bytes
    media_type: str


@cache
def static_files() -> dict[str, StaticFile]:
    """Every file by its name, such as ``site.css``; read once."""
    found = {}
    for path in sorted(_FOLDER.rglob("*")):
        if path.suffix in _TYPES:
            content, name = path.read_bytes(), path.relative_to(_FOLDER)
            digest = hashlib.sha256(content).hexdigest()[:12]
            address = f"{PATH}/{name.with_suffix('')}.{digest}{path.suffix}"
            found[str(name)] = StaticFile(address, content, gzip.compress(content, mtime=0), _TYPES[path.suffix])
    return found


def address_of(name: str) -> str:
    """The URL of a file. Raises ``KeyError`` for a name that does not exist: a mistake in a template."""
    return static_files()[name].address


async def _file(request: Request) -> Response:
    asked = f"{PATH}/{request.path_params['name']}"
    for one in static_files().values():
        if one.address == asked and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(one.packed, media_type=one.media_type, headers={**_HEADERS, "Content-Encoding": "gzip"})
        if one.address == asked:
            return Response(one.content, media_type=one.media_type, headers=_HEADERS)
    raise NotFound


ROUTE = Route(PATH + "/{name:path}", _file, include_in_schema=False)
