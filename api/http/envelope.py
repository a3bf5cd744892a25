"""The shape of every successful answer: ``{"status", "message", "data"}``, lists with ``meta``."""

from collections.abc import Sequence
from enum import Enum
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json
from starlette.responses import Response

from api.http.request_info import Language, request_info

T = TypeVar("T")


class SuccessMessage(Enum):
    """The message of a successful answer, in Japanese and English."""

    DONE = ("完了しました。", "Done.")
    CREATED = ("作成しました。", "Created.")
    UPDATED = ("更新しました。", "Updated.")
    DELETED = ("削除しました。", "Deleted.")
    REGISTERED = (
        "ご登録ありがとうございます。確認メールをお送りしました。",
        "Thank you for registering. We have sent you an e-mail to confirm your address.",
    )
    LINK_SENT = (
        "ご登録のメールアドレスであれば、メールをお送りしました。届かない場合は、迷惑メールフォルダをご確認ください。",
        "If this address is registered, we have sent you an e-mail. Please also check your spam folder.",
    )
    EMAIL_VERIFIED = ("メールアドレスの確認が完了しました。", "Your e-mail address is confirmed.")
    PASSWORD_CHANGED = ("パスワードを変更しました。", "Your password has been changed.")
    LOGGED_IN = ("ログインしました。", "Logged in.")
    LOGGED_OUT_ELSEWHERE = ("ほかの端末からログアウトしました。", "Logged out of all other devices.")
    BOOKING_HELD = ("仮予約を承りました。期限までにお支払いください。", "Reserved. Please pay in time.")
    BOOKING_REQUESTED = ("ご予約のお申し込みを承りました。", "We have received your request.")
    BOOKING_CONFIRMED = ("ご予約が確定しました。", "Your booking is confirmed.")
    BOOKING_CANCELLED = ("ご予約をキャンセルしました。", "Booking cancelled.")
    BOOKING_MOVED = ("日時を変更しました。", "Time changed.")
    BOOKING_PROVISIONAL = ("仮予約を承りました。", "Reserved until the customer answers.")
    ADDRESS_ASKED = (
        "ご入力のメールアドレスに確認メールをお送りしました。",
        "Please confirm your address with the e-mail that we have sent.",
    )
    NUMBER_ASKED = (
        "ご入力の電話番号にSMSをお送りしました。リンクを開いて確定してください。",
        "Please confirm your booking with the link in the SMS that we have sent.",
    )
    ADDRESS_CONFIRMED = ("メールアドレスを確認しました。", "E-mail address confirmed.")
    BOOKING_APPROVED = ("予約を承認しました。", "Approved.")
    BOOKING_DECLINED = ("予約をお断りしました。", "Declined.")
    BOOKING_CHECKED_IN = ("受付しました。", "Checked in.")
    BOOKING_COMPLETED = ("予約を完了しました。", "Completed.")
    BOOKING_NO_SHOW = ("無断キャンセルとして記録しました。", "Recorded as a no-show.")
    BOOKING_UNDONE = ("取り消しました。", "Undone.")
    WAITLIST_JOINED = ("空き待ちに登録しました。", "You are on the waitlist.")
    WAITLIST_LEFT = ("空き待ちの登録を取り消しました。", "You are no longer on the waitlist.")
    OFFER_DECLINED = ("ご案内を見送りました。", "Offer declined. You stay on the waitlist.")
    REFUND_REQUESTED = ("返金を受け付けました。", "Refund requested.")
    CAPTURE_ORDERED = ("カードのご請求を受け付けました。", "Capture requested.")
    VOID_ORDERED = ("カードの確保の解除を受け付けました。", "Release requested.")
    LOGGED_OUT = ("ログアウトしました。", "Logged out.")

    def sentence(self, language: Language) -> str:
        """The sentence a person reads."""
        return self.value[0] if language is Language.JA else self.value[1]


class Envelope(BaseModel, Generic[T]):
    """One object."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    status: Literal["success"] = Field(description="Always `success`.")
    message: str = Field(description="A sentence in the caller's language.", examples=["Done."])
    data: T = Field(description="The answer.")


class Meta(BaseModel):
    """The cursor of the next page."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"examples": [{"next_cursor": None, "limit": 20}]})

    next_cursor: str | None = Field(description="Pass it as `cursor` for the next page; null: this is the last one.")
    limit: int = Field(description="The largest number of rows on a page.")


class ListEnvelope(BaseModel, Generic[T]):
    """A page of objects."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    status: Literal["success"] = Field(description="Always `success`.")
    message: str = Field(description="A sentence in the caller's language.", examples=["Done."])
    data: list[T] = Field(description="The rows of this page.")
    meta: Meta = Field(description="Where the next page begins, and how long a page is.")


def ok(data: object, said: SuccessMessage = SuccessMessage.DONE, status_code: int = 200) -> Response:
    """One thing: a ``…Read`` model, or plain JSON values."""
    language = request_info().language
    return _json({"status": "success", "message": said.sentence(language), "data": data}, status_code, language)


def created(data: object, said: SuccessMessage = SuccessMessage.CREATED) -> Response:
    """A new object, with 201."""
    return ok(data, said, 201)


def moved(path: str) -> Response:
    """A permanent redirect with the same method and body (308)."""
    return Response(status_code=308, headers={"Location": path})


def moved_response(why: str) -> dict[int | str, dict[str, Any]]:
    """``responses=`` of an operation that may answer :func:`moved`."""
    location = {"description": "The path to ask instead.", "schema": {"type": "string"}}
    return {308: {"description": why, "headers": {"Location": location}}}


def page_of(items: Sequence[object], next_cursor: str | None, limit: int) -> Response:
    """A page; :meth:`api.http.paging.Page.answer` calls this."""
    language = request_info().language
    body = {
        "status": "success",
        "message": SuccessMessage.DONE.sentence(language),
        "data": items,
        "meta": {"next_cursor": next_cursor, "limit": limit},
    }
    return _json(body, 200, language)


def _json(body: object, status_code: int, language: Language) -> Response:
    # Bilingual texts contain the string in the caller's language, so the answer depends on that language.
    headers = {"Content-Language": language.value, "Vary": "Accept-Language"}
    return Response(to_json(body), status_code, headers, "application/json")
