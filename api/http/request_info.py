"""Facts of the current request: its id, its language, and the shape of errors it reads.

Kept in a context variable that `api.http.request_context` sets, so that schemas and error pages need no request
parameter.
"""

import os
import re
import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum

_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:\-]{0,63}")


#: Paths that have a secret in them, and what is left of it in logs.
#: Every text longer than an id or a slug is taken for a token, so that none is left where the path around it is wrong.
_TOKEN = re.compile(
    r"(?<=/calendars/)[^/]+(?=\.ics)|(?<=^/bookings/)[^/]+|(?<=^/waitlist/)[^/]+|(?<=^/messages/)[^/]+"
    r"|(?<=^/m/)[^/]+|(?<=/notifications/links/)[^/]+"
    r"|(?<=^/verify-email/)[^/]+|(?<=^/reset-password/)[^/]+|(?<=^/cancel-two-factor-reset/)[^/]+"
    r"|(?<=^/staff/invitation/)[^/]+|(?<=^/data-export/)[^/]+"
    r"|(?<=/)[^/]{61,}?(?=\.ics(?:/|$)|/|$)"
)


def without_tokens(path: str) -> str:
    """A path as logs may have it: the tokens of calendar feeds and of the pages behind a link are left out, also in a
    path that leads nowhere."""
    return _TOKEN.sub("***", path)


class Language(StrEnum):
    """The languages of every text of the platform."""

    JA = "ja"
    EN = "en"


def new_request_id() -> str:
    """``req_`` and 32 hexadecimal digits that sort by time, as a version 7 UUID (RFC 9562) has them."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10)) & ((1 << 76) - 1)
    high, low = random >> 64, random & ((1 << 62) - 1)
    return f"req_{(milliseconds << 80) | (0x7 << 76) | (high << 64) | (0b10 << 62) | low:032x}"


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """``wants_problem``: errors as ``application/problem+json`` (RFC 9457)."""

    request_id: str = field(default_factory=new_request_id)
    language: Language = Language.JA
    wants_problem: bool = False


_current: ContextVar[RequestInfo] = ContextVar("request_info")


def request_info() -> RequestInfo:
    """The request that is being answered."""
    try:
        return _current.get()
    except LookupError:
        return RequestInfo()


def set_request_info(arrived: RequestInfo) -> None:
    """Make ``arrived`` the current request of this task."""
    _current.set(arrived)


def request_id_from(header: str | None) -> str:
    """The caller's ``X-Request-ID`` if it is safe in a log and a header, else a new one."""
    return header if header and _REQUEST_ID.fullmatch(header) else new_request_id()


def language_from(header: str | None) -> Language:
    """The best supported language by ``Accept-Language`` (RFC 9110, 12.5.4); Japanese without the header.

    A more specific range counts for its language: ``en-GB`` is English. ``*`` means everything that is not named.
    """
    if not header:
        return Language.JA
    weights: dict[str, float] = {}
    for part in header[:500].split(","):
        tag, _, parameters = part.strip().partition(";")
        name = tag.strip().lower().split("-")[0]
        weight = _weight(parameters)
        if name and weight is not None:
            weights[name] = max(weights.get(name, 0.0), weight)
    others = weights.get("*", 0.0)
    wanted = {language: weights.get(language.value, others) for language in Language}
    best = max(wanted, key=lambda language: wanted[language])  # of two equal ones the first, Japanese
    return best if wanted[best] > 0 else Language.JA


def _weight(parameters: str) -> float | None:
    name, _, value = parameters.partition("=")
    if not name.strip():
        return 1.0
    try:
        weight = float(value)
    except ValueError:
        return None
    return weight if name.strip() == "q" and 0 <= weight <= 1 else None
