"""Makes the HTML of a page: template, language, headers and cookies."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.http.request_info import Language, RequestInfo, request_info, set_request_info
from api.pages import formats
from api.pages.accents import address_of_accent
from api.pages.forms import FIELD, form_token, remember_token
from api.pages.static_files import address_of
from api.pages.texts.words import word

_TEMPLATES = Path(str(files("api.pages"))) / "templates"
_LANGUAGE_COOKIE = "lang"
_YEAR_SECONDS = 31_536_000


@dataclass(frozen=True, slots=True)
class Sources:
    """Origins beside our own that a page may load scripts from, show in frames, call, and send forms to; and those
    whose pages may show it in a frame."""

    scripts: tuple[str, ...] = ()
    frames: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    around: tuple[str, ...] = ()


#: Nothing but our own files.
OWN = Sources()


@cache
def environment() -> Environment:
    """The templates. A name that a template does not know is an error, never an empty text."""
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["static"] = address_of
    made.globals["accent_sheet"] = address_of_accent
    return made


def choose_language(request: Request) -> Language:
    """The page's language: ``?lang``, else the cookie, else ``Accept-Language``; it counts for calls of the API too."""
    asked = request.query_params.get("lang") or request.cookies.get(_LANGUAGE_COOKIE)
    current = request_info()
    language = Language(asked) if asked in set(Language) else current.language
    set_request_info(RequestInfo(current.request_id, language))
    return language


def page(
    request: Request,
    template: str,
    variables: Mapping[str, Any],
    *,
    status: int = 200,
    sources: Sources | None = None,
) -> Response:
    """The answer. ``sources``: other origins that this page alone uses."""
    language = request_info().language
    html = (
        environment()
        .get_template(f"{template}.html.j2")
        .render(
            {
                "language": language.value,
                "t": lambda key, **values: word(key, language, values),
                "f": formats.Formats(language.value),
                "form_token": form_token(request),
                "form_field": FIELD,
                "other_language": _other_language(request, language),
                "accent": "",
                **variables,
            }
        )
    )
    response = HTMLResponse(html, status)
    response.headers["Content-Security-Policy"] = policy(sources or OWN)
    response.headers["Content-Language"] = language.value
    response.headers["Vary"] = "Accept-Language, Cookie, Accept-Encoding"
    compress(request, response)
    remember_token(request, response)
    if request.query_params.get("lang") in set(Language):
        response.set_cookie(_LANGUAGE_COOKIE, language.value, max_age=_YEAR_SECONDS, samesite="lax", path="/")
    return response


def compress(request: Request, response: Response) -> None:
    """Compress the answer with gzip for a browser that accepts it."""
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return
    response.body = gzip.compress(response.body, compresslevel=6, mtime=0)
    response.headers["Content-Encoding"] = "gzip"
    response.headers["Content-Length"] = str(len(response.body))


def see_other(request: Request, url: str) -> Response:
    """Sends the browser on with a GET, so that a reload repeats nothing (RFC 9110, 15.4.4)."""
    response = RedirectResponse(url, 303)
    remember_token(request, response)
    return response


def policy(sources: Sources) -> str:
    """The Content-Security-Policy of a page: our own files and ``sources``, never an inline script or style. Browsers
    that read ``frame-ancestors`` ignore ``X-Frame-Options`` (CSP Level 3, 6.4.2)."""
    rules = {
        "default-src": "'none'",
        "script-src": " ".join(("'self'", *sources.scripts)),
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": " ".join(("'self'", *sources.calls)),
        "frame-src": " ".join(sources.frames) or "'none'",
        "form-action": " ".join(("'self'", *sources.forms)),
        "base-uri": "'none'",
        "frame-ancestors": " ".join(sources.around) or "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _other_language(request: Request, language: Language) -> Mapping[str, str]:
    other = Language.EN if language is Language.JA else Language.JA
    query = [(key, value) for key, value in request.query_params.multi_items() if key != "lang"]
    here = request.url.path if request.method == "GET" else request.scope.get("omotenashi.page_path", "/")
    # Browsers read ``//`` and ``/\\`` as the beginning of another site's name (WHATWG URL, 4.4).
    here = "/" + quote(here, safe="/%").lstrip("/")
    return {"code": other.value, "address": f"{here}?{urlencode([*query, ('lang', other.value)])}"}
