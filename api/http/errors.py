"""The one table of error codes: HTTP status and sentence in both languages. Nothing else decides how errors look."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.http.request_info import Language, RequestInfo, request_info
from domain.errors import (
    DomainError,
    InvalidInput,
    Unavailable,
)
from providers.errors import ProviderUnavailable

log = structlog.get_logger(__name__)

INTERNAL_ERROR = "internal_error"
METHOD_NOT_ALLOWED = "method_not_allowed"


class UnreadableBody(HTTPException):
    """:class:`Malformed` on its way through the framework, which lets nothing else pass."""

    def __init__(self, details: Mapping[str, Any]) -> None:
        super().__init__(400)
        self.details = details


@dataclass(frozen=True, slots=True)
class Meaning:
    """How a code is answered."""

    status: int
    ja: str
    en: str

    def sentence(self, language: Language) -> str:
        """What a person reads."""
        return self.ja if language is Language.JA else self.en


#: Codes are stable: clients compare them. Sentences may change.
TABLE: Mapping[str, Meaning] = {
    "malformed": Meaning(400, "リクエストを読み取れませんでした。", "The request cannot be read."),
    "forged_webhook": Meaning(400, "署名を確認できませんでした。", "The signature does not match."),
    "unauthenticated": Meaning(401, "ログインしてください。", "Please log in."),
    "invalid_credentials": Meaning(
        401, "メールアドレスまたはパスワードが違います。", "E-mail and password do not belong together."
    ),
    "forbidden": Meaning(403, "この操作を行う権限がありません。", "You may not do this."),
    "not_found": Meaning(404, "見つかりませんでした。", "There is no such thing."),
    METHOD_NOT_ALLOWED: Meaning(405, "この操作はできません。", "This address does not take this method."),
    "too_slow": Meaning(408, "時間内にデータを受信できませんでした。", "The request did not arrive in time."),
    "conflict": Meaning(409, "現在の状態では実行できません。", "The state of things stands against it."),
    "slot_taken": Meaning(409, "ご希望の時間は埋まっています。", "The time you asked for is taken."),
    "price_changed": Meaning(
        409,
        "料金が変更されました。新しい料金をご確認のうえ、もう一度お手続きください。",
        "The price has changed. Please check the new price and book again.",
    ),
    "wrong_state": Meaning(409, "現在の状態ではこの操作はできません。", "This is not possible in the present state."),
    "already_exists": Meaning(409, "すでに使われています。", "This is already in use."),
    "would_break_bookings": Meaning(
        409,
        "この変更により影響を受ける予約があります。確認のうえ confirm=true を付けて再度実行してください。",
        "This change would strand bookings. Look at them and repeat it with confirm=true.",
    ),
    "erasure_blocked": Meaning(
        409,
        "ご予約または運営中の店舗があるため、退会できません。先にキャンセルまたは閉店の手続きをしてください。",
        "There are bookings ahead or businesses of yours. Please end them first.",
    ),
    "request_in_progress": Meaning(409, "同じリクエストを処理中です。", "The same request is being worked on."),
    "gone": Meaning(410, "有効期限が切れています。", "Its time is over."),
    "too_large": Meaning(413, "データが大きすぎます。", "The body is too large."),
    "unsupported_media_type": Meaning(
        415, "この形式のデータには対応していません。", "The content type is not one that is read here."
    ),
    "rule_broken": Meaning(422, "条件を満たしていません。", "This breaks a rule."),
    "invalid_input": Meaning(422, "入力内容に誤りがあります。", "Some of the input is wrong."),
    "invalid_link": Meaning(
        422,
        "リンクまたは確認コードが正しくありません。",
        "The link or code is not the right one.",
    ),
    "invalid_code": Meaning(
        422, "確認コードが正しくないか、すでに使われています。", "The code is wrong, or was used before."
    ),
    "overlapping_hours": Meaning(422, "営業時間が重なっています。", "Hours overlap."),
    "outside_booking_window": Meaning(
        422, "この日時は予約を受け付けていません。", "Bookings are not taken for this time."
    ),
    "verification_incomplete": Meaning(
        422,
        "審査に必要な情報または書類が不足しています。",
        "Something that the review needs is missing.",
    ),
    "outside_opening_hours": Meaning(
        422,
        "営業時間外か、予約を開始できない時刻です。",
        "This is outside of the opening hours, or no time at which bookings start.",
    ),
    "not_bookable": Meaning(422, "現在は予約を受け付けていません。", "This cannot be booked now."),
    "party_size_refused": Meaning(422, "この人数では予約できません。", "The party is too small or too large."),
    "hold_limit": Meaning(
        422, "お支払い前の予約が上限に達しています。", "You are holding as many unpaid bookings as are allowed."
    ),
    "currency_mismatch": Meaning(422, "通貨が正しくありません。", "The currency is not the right one."),
    "amount_refused": Meaning(422, "金額が正しくありません。", "The amount is not possible."),
    "legal_notice_required": Meaning(
        422,
        "オンライン決済のメニューを公開するには、特定商取引法に基づく表記が必要です。",
        "Services that are paid online need the legal notice (tokutei shotorihiki-ho) first.",
    ),
    "idempotency_key_required": Meaning(
        422, "Idempotency-Key ヘッダーが必要です。", "This needs an Idempotency-Key header."
    ),
    "idempotency_key_reused": Meaning(
        422,
        "この Idempotency-Key は別の内容で使われています。",
        "This Idempotency-Key was used with another request.",
    ),
    "payment_declined": Meaning(422, "お支払いが承認されませんでした。", "The payment was declined."),
    "rate_limited": Meaning(
        429, "しばらくしてからもう一度お試しください。", "Too many requests. Please wait a little."
    ),
    "account_locked": Meaning(
        429,
        "ログインの失敗が続いたため、一時的にロックされています。しばらくしてからもう一度お試しください。",
        "Locked for a while after too many failed attempts. Please try again later.",
    ),
    INTERNAL_ERROR: Meaning(500, "内部エラーが発生しました。", "Something went wrong on our side."),
    "unavailable": Meaning(
        503, "ただいま利用できません。しばらくしてからもう一度お試しください。", "Not available for the moment."
    ),
}

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
    """The body of an error in the shape that the caller reads, and what its code means."""
    meaning = TABLE[code]
    sentence = meaning.sentence(asked.language)
    stamp = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if asked.wants_problem:
        return {
            "type": f"urn:omotenashi:error:{code}",
            "title": sentence,
            "status": meaning.status,
            "code": code,
            "details": details,
            "timestamp": stamp,
            "requestId": asked.request_id,
        }, meaning
    return {
        "status": "error",
        "message": sentence,
        "error": {"code": code, "message": sentence, "details": details},
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
    if error.code not in TABLE:
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
    fields = [{"field": _path(item), "rule": item["type"]} for item in error.errors()[:20]]
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
    """Answer every refusal in the envelope. What nobody expected is answered by `api.http.request_context`."""
    app.add_exception_handler(ProviderUnavailable, _provider_away)
    app.add_exception_handler(DomainError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _of_the_router)
