"""The accent colour of a business as a style sheet of its own, because the policy of pages forbids inline styles. The
colour is in the address, so the file never changes."""

import re
from dataclasses import dataclass
from functools import lru_cache

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.errors import NotFound
from domain.messages.brand import LEAST_CONTRAST, contrast_with_white

_COLOUR = re.compile(r"[0-9a-f]{6}")
#: The grounds of the two schemes (``site.css``).
_GROUND = (0xF6, 0xF5, 0xF2)
_DARK = (0x15, 0x17, 0x1A)
_WHITE = (255, 255, 255)
_BLACK = (0, 0, 0)
_HEADERS = {"Cache-Control": "public, max-age=31536000, immutable", "Cross-Origin-Resource-Policy": "same-origin"}

Rgb = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Accent:
    """``accent`` for links and buttons, ``on`` for the text of a button, ``tint`` for a quiet ground."""

    accent: str
    on: str
    tint: str


def address_of_accent(colour: str) -> str:
    """The address of the style sheet for ``#rrggbb``."""
    return f"/static/accent.{colour.removeprefix('#').lower()}.css"


def light(colour: str) -> Accent:
    """For the light scheme: darkened until text in it can be read on its tint and on the ground (WCAG 2.2, 1.4.3)."""
    rgb = _rgb(colour)
    tint = _mixed(rgb, _WHITE, 0.92)
    while min(_contrast(rgb, tint), _contrast(rgb, _GROUND)) < LEAST_CONTRAST:
        rgb = _mixed(rgb, _BLACK, 0.1)
    return Accent(_hex(rgb), "#ffffff", _hex(tint))


def dark(colour: str) -> Accent:
    """For the dark scheme: lightened until it can be read on the dark ground and on its tint."""
    rgb = _rgb(colour)
    tint = _mixed(_mixed(rgb, _WHITE, 0.3), _DARK, 0.85)
    while min(_contrast(rgb, tint), _contrast(rgb, _DARK)) < 7:
        rgb = _mixed(rgb, _WHITE, 0.1)
    return Accent(_hex(rgb), _hex(_mixed(_rgb(colour), _BLACK, 0.8)), _hex(tint))


@lru_cache(maxsize=1000)
def sheet(colour: str) -> str:
    """The style sheet of ``#rrggbb``; a colour on which white cannot be read is darkened first."""
    day, night = light(colour), dark(colour)
    return _rule(day) + "@media (prefers-color-scheme:dark){" + _rule(night) + "}"


def _rule(one: Accent) -> str:
    return f":root{{--accent:{one.accent};--on-accent:{one.on};--tint:{one.tint}}}"


def _contrast(one: Rgb, other: Rgb) -> float:
    values = sorted((contrast_with_white(_hex(one)), contrast_with_white(_hex(other))))
    return values[1] / values[0]


def _mixed(one: Rgb, other: Rgb, share: float) -> Rgb:
    red, green, blue = (round(a * (1 - share) + b * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _rgb(colour: str) -> Rgb:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return red, green, blue


def _hex(rgb: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*rgb)


async def _file(request: Request) -> Response:
    colour = request.path_params["colour"]
    if not _COLOUR.fullmatch(colour):
        raise NotFound
    return Response(sheet(f"#{colour}"), media_type="text/css; charset=utf-8", headers=_HEADERS)


ROUTE = Route("/static/accent.{colour}.css", _file, include_in_schema=False)
