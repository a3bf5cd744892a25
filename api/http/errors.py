"""The answer to every refusal: status, sentence and details, in the format that the caller accepts."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.http.error_sentences import field_message, sentence, title, with_field_messages
from api.http.error_texts import MEANINGS
from api.http.request_info import RequestInfo, request_info
from api.http.texts.shared import INTERNAL_ERROR, METHOD_NOT_ALLOWED
from api.http.texts.text import Meaning
from domain.errors import (
    DomainError,
    InvalidInput,
    Unavailable,
)
from providers.errors import ProviderUnavailable

log = structlog.get_logger(__name__)


class UnreadableBody(HTTPException):
    """:class:`Malformed` as an exception that the framework passes on."""

    def __init__(self, details: Mapping[str, Any]) -> None:
        super().__init__(400)
        self.details = details


_BY_STATUS = {
    400: "malformed",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: METHOD_NOT_ALLOWED,
    408: "too_slow",
    413: "too_large",
    415: "unsupported_media_type",
}


def error_document(
    code: str, details: Mapping[str, Any], asked: RequestInfo, at: datetime
) -> tuple[dict[str, Any], Meaning]:
    """The body of an error in the accepted format, and the meaning of its code."""
    meaning = MEANINGS[code]
    said = sentence(code, details, asked.language)
    details = with_field_messages(details, asked.language)
    stamp = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if asked.wants_problem:
        return {
            "type": f"urn:omotenashi:error:{code}",
            "title": title(code, asked.language),
            "status": meaning.status,
            "detail": said,
            "code": code,
            "details": details,
            "timestamp": stamp,
            "requestId": asked.request_id,
        }, meaning
    return {
        "status": "error",
        "message": said,
        "error": {"code": code, "message": said, "details": details},
        "timestamp": stamp,
        "requestId": asked.request_id,
    }, meaning


def error_answer(code: str, details: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """The answer for ``code`` to the current request."""
    asked = request_info()
    body, meaning = error_document(code, details, asked, datetime.now(UTC))
    extra = {"Content-Language": asked.language.value, "Vary": "Accept-Language, Accept", **(headers or {})}
    if meaning.status == 401:
        extra["WWW-Authenticate"] = "Bearer"
    if meaning.status in {429, 503}:
        extra["Retry-After"] = str(details.get("retry_after", 2))
    media_type = "application/problem+json" if asked.wants_problem else "application/json"
    return Response(orjson.dumps(body, default=str), meaning.status, extra, media_type)


def refusal(error: DomainError) -> Response:
    """The answer for a refusal of the domain."""
    if error.code not in MEANINGS:
        log.error("error code without a meaning", code=error.code)
        return error_answer(INTERNAL_ERROR, {})
    return error_answer(error.code, error.details)


async def _refused(_: Request, error: Exception) -> Response:
    if not isinstance(error, DomainError):
        raise error
    return refusal(error)


async def _invalid(_: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    language = request_info().language
    fields = [
        {
            "field": _path(item),
            "rule": item["type"],
            "message": field_message(item["type"], language, item.get("ctx")),
        }
        for item in error.errors()[:20]
    ]
    return refusal(InvalidInput({"fields": fields}))


def _path(item: Mapping[str, Any]) -> str:
    """``("body", "price", "amount")`` is ``price.amount``; a missing body is ``body``. A rule over a whole object
    names its field itself."""
    location = item["loc"]
    named = item.get("ctx", {}).get("field")
    parts = [*location[1:], *([named] if named else [])]
    return ".".join(str(part) for part in (parts or location))


async def _of_the_router(_: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    code = _BY_STATUS.get(error.status_code, INTERNAL_ERROR if error.status_code >= 500 else "malformed")
    return error_answer(code, error.details if isinstance(error, UnreadableBody) else {}, error.headers)


async def _provider_away(_: Request, error: Exception) -> Response:
    if not isinstance(error, ProviderUnavailable):
        raise error
    return refusal(Unavailable({"dependency": "provider", "retry_after": 5}))


def install(app: FastAPI) -> None:
    """Answer every refusal in the envelope. `api.http.request_limits` answers unexpected errors."""
    app.add_exception_handler(ProviderUnavailable, _provider_away)
    app.add_exception_handler(DomainError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _of_the_router)
