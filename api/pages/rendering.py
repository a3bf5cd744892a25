"""Makes the HTML of a page: template, language, headers and cookies."""

import gzip
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.http.request_info import Language, RequestInfo, request_info, set_request_info
from api.pages import formats
from api.pages.forms import FIELD, form_token, remember_token
from api.pages.static_files import address_of
from api.pages.texts.words import word

_TEMPLATES = Path(str(files("api.pages"))) / "templates"
_LANGUAGE_COOKIE = "lang"
_YEAR_SECONDS = 31_536_000


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
    scripts: Iterable[str] = (),
    forms_to: Iterable[str] = (),
) -> Response:
    """The answer. ``scripts`` and ``forms_to`` are origins that this page alone may load scripts from, and send forms
    to, beside its own."""
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
    response.headers["Content-Security-Policy"] = policy(scripts, forms_to)
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


def policy(scripts: Iterable[str] = (), forms_to: Iterable[str] = ()) -> str:
    """The Content-Security-Policy of a page: our own files alone, no inline script, no frame around it."""
    loaded, sent = " ".join(("'self'", *scripts)), " ".join(("'self'", *forms_to))
    frames = f"; frame-src {' '.join(scripts)}; connect-src {loaded}" if scripts else "; connect-src 'self'"
    return (
        f"default-src 'none'; script-src {loaded}; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        f"form-action {sent}; base-uri 'none'; frame-ancestors 'none'{frames}"
    )


def _other_language(request: Request, language: Language) -> Mapping[str, str]:
    other = Language.EN if language is Language.JA else Language.JA
    query = [(key, value) for key, value in request.query_params.multi_items() if key != "lang"]
    here = request.url.path if request.method == "GET" else request.scope.get("omotenashi.page_path", "/")
    return {"code": other.value, "address": f"{here}?{urlencode([*query, ('lang', other.value)])}"}
