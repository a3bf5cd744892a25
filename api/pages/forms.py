"""Forms of the pages: reading them, and the token that shows that a form came from a page of ours.

The token is in a cookie and in the form (double submit, OWASP "Cross-Site Request Forgery Prevention"). With HTTPS the
cookie's name begins with ``__Host-``, so that no other host of the same domain can set it (RFC 6265bis, 4.1.3).
"""

import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import Response

from domain.errors import Forbidden, Malformed, TooLarge

FIELD = "form_token"
_MAX_FIELDS = 300
_PART_BYTES = 100_000
#: In the name of every field whose blanks count.
_PASSWORD = "password"  # noqa: S105 - a name of fields
#: The most bytes of a form's first part, which is its token.
_TOKEN_BYTES = 200
_LENGTH = re.compile(r"[0-9]{1,15}")
#: What a form has around its file.
_AROUND = 20_000


@dataclass(frozen=True, slots=True)
class Form:
    """The fields as typed, without blanks around them; those of a password belong to it."""

    fields: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str:
        """The first value, or an empty text."""
        return next((value for key, value in self.fields if key == name), "")

    def all(self, name: str) -> list[str]:
        """Every value of the name, in order."""
        return [value for key, value in self.fields if key == name]

    @property
    def values(self) -> Mapping[str, str]:
        """The first value of each name: what was typed, to show it again."""
        return dict(reversed(self.fields))


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file of a form."""

    name: str
    content: bytes
    media_type: str


async def read_file_form(request: Request, most: int, most_part: int = _PART_BYTES) -> tuple[Form, SentFile | None]:
    """A form with one file of at most ``most`` bytes; None where no file was chosen. Each other field has at most
    ``most_part`` bytes. The token is the first part, and nothing behind a wrong one is read. Raises Forbidden,
    Malformed and TooLarge."""
    length = request.headers.get("content-length", "")
    if not _LENGTH.fullmatch(length) or int(length) > most + _AROUND:
        raise TooLarge({"limit": most})
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise Malformed({"rule": "form"})
    try:
        sent = await _TokenFirst(request, most_part).parse()
    except (HTTPException, MultiPartException) as error:
        raise Malformed({"rule": "form"}) from error
    try:
        form = _form((name, value) for name, value in sent.multi_items() if isinstance(value, str))
        files = [value for value in sent.values() if isinstance(value, UploadFile) and value.filename]
        return form, await _sent(files[0]) if files else None
    finally:
        await sent.close()


class _TokenFirst(MultiPartParser):
    """Reads a form whose first part is the token. Raises Forbidden as soon as that part is over, or too long for one,
    if it is not the token of this browser."""

    def __init__(self, request: Request, most_part: int) -> None:
        limits = {"max_files": 1, "max_fields": _MAX_FIELDS, "max_part_size": most_part}
        super().__init__(request.headers, request.stream(), **limits)
        self._request = request
        self._first_bytes = 0
        self._known = False

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        """Part of a field or of the file."""
        if not self._known:
            self._first_bytes += end - start
            if self._first_bytes > _TOKEN_BYTES:
                raise Forbidden({"reason": "form_token"})
        super().on_part_data(data, start, end)

    def on_part_end(self) -> None:
        """The end of a field or of the file."""
        super().on_part_end()
        if not self._known:
            name, value = self.items[0]
            _check_token(self._request, Form(((name, value if isinstance(value, str) else ""),)))
            self._known = True

    async def parse(self) -> FormData:
        """The whole form. Raises Forbidden too for one without any part."""
        sent = await super().parse()
        if not self._known:
            raise Forbidden({"reason": "form_token"})
        return sent


async def _sent(file: UploadFile) -> SentFile:
    return SentFile(str(file.filename), await file.read(), file.content_type or "")


async def read_form(request: Request) -> Form:
    """The form of a POST. Raises Forbidden for a form that did not come from a page of ours, Malformed for one that is
    unreadable."""
    form = await read_pairs(request)
    _check_token(request, form)
    return form


async def read_pairs(request: Request) -> Form:
    """The form of a POST without a check of its sender. Raises Malformed for one that is unreadable."""
    try:
        text = (await request.body()).decode("utf-8")
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise Malformed({"rule": "form"}) from error
    return _form(pairs)


def _form(pairs: Iterable[tuple[str, str]]) -> Form:
    return Form(tuple((name, value if _PASSWORD in name else value.strip()) for name, value in pairs))


def _check_token(request: Request, form: Form) -> None:
    stored = request.cookies.get(_cookie_name(request), "")
    if not stored or not hmac.compare_digest(stored.encode(), form.get(FIELD).encode()):
        raise Forbidden({"reason": "form_token"})


def form_token(request: Request) -> str:
    """The token of this browser, made at its first page."""
    known = request.cookies.get(_cookie_name(request), "")
    if len(known) >= 32:
        return known
    made: str = request.scope.setdefault("omotenashi.form_token", secrets.token_urlsafe(24))
    return made


def renew_token(request: Request) -> None:
    """Give this browser a new token, after a log-in: the old one may be known to somebody else."""
    request.scope["omotenashi.form_token"] = secrets.token_urlsafe(24)


def remember_token(request: Request, response: Response) -> None:
    """Set the cookie of a token that was made for this request."""
    made = request.scope.get("omotenashi.form_token")
    if made is not None:
        response.set_cookie(
            _cookie_name(request), made, httponly=True, secure=is_https(request), samesite="lax", path="/"
        )


def is_https(request: Request) -> bool:
    """Whether browsers reach the pages by HTTPS: then cookies are for HTTPS alone."""
    return bool(request.app.state.settings.public_url.startswith("https://"))


def _cookie_name(request: Request) -> str:
    return "__Host-form" if is_https(request) else "form"
