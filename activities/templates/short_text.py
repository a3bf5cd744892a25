"""The short forms of messages: for SMS one line with a link, for LINE and push an event, facts and a button.

An SMS that fits into one segment (70 characters in Japanese, 160 in English) costs once; names are cut for it, never
time or link.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from activities.templates import rows
from activities.templates.render import button
from activities.templates.words import BUTTONS, PLATFORM, Bilingual, one_line, pick
from db.messages.notices import AccountEmailContent, NoticeContent
from domain.messages import formats
from domain.messages.channels import CODE_LASTS, segments
from domain.messages.kinds import AccountEmailKind, CodeKind, NoticeKind

#: The shortest that a name is cut to.
_LEAST_NAME = 8

#: With ``name`` (of the business), ``time``, ``until`` and ``link``.
_SMS: Mapping[str, Bilingual] = {
    NoticeKind.BOOKING_PROOF: {
        "ja": "【{name}】{time} {until}までに確定 {link}",
        "en": "{name}: confirm {time} by {until}: {link}",
    },
    NoticeKind.BOOKING_CONFIRMED: {
        "ja": "【{name}】{time} 予約確定。変更・詳細 {link}",
        "en": "{name}: booking confirmed, {time}. Details: {link}",
    },
    NoticeKind.BOOKING_REMINDER: {
        "ja": "【{name}】{time} ご予約のお知らせ。変更・詳細 {link}",
        "en": "{name}: your booking is coming up, {time}. Details: {link}",
    },
    NoticeKind.BOOKING_CHANGED: {
        "ja": "【{name}】予約変更。新しい日時 {time} 詳細 {link}",
        "en": "{name}: booking changed, new time {time}. Details: {link}",
    },
    NoticeKind.BOOKING_CANCELLED: {
        "ja": "【{name}】{time} 予約キャンセル。詳細 {link}",
        "en": "{name}: booking cancelled, {time}. Details: {link}",
    },
    NoticeKind.PAYMENT_FAILED: {
        "ja": "【{name}】{time} お支払い未完了。お手続き {link}",
        "en": "{name}: payment not completed for {time}. Please pay here: {link}",
    },
    NoticeKind.PAYMENT_RENEW: {
        "ja": "【{name}】{time} カード再登録のお願い。お手続き {link}",
        "en": "{name}: please enter your card again for {time}: {link}",
    },
    AccountEmailKind.WAITLIST_OFFERED: {
        "ja": "【{name}】{time}に空きが出ました。{until}までにお返事ください {link}",
        "en": "{name}: a time has opened up, {time}. Please answer by {until}: {link}",
    },
    CodeKind.PHONE_CODE: {
        "ja": "【{name}】確認コード {code}（{minutes}分間有効）。ほかの方に教えないでください",
        "en": "{name}: your code is {code}. It expires in {minutes} minutes. Do not share it.",
    },
}
#: The first line on LINE, and the title of a push message.
_EVENTS: Mapping[str, Bilingual] = {
    NoticeKind.BOOKING_PROOF: {"ja": "ご予約の確認", "en": "Confirm your booking"},
    NoticeKind.BOOKING_CONFIRMED: {"ja": "予約確定", "en": "Booking confirmed"},
    NoticeKind.BOOKING_REMINDER: {"ja": "ご予約のお知らせ", "en": "Your booking is coming up"},
    NoticeKind.BOOKING_CHANGED: {"ja": "予約変更", "en": "Booking changed"},
    NoticeKind.BOOKING_CANCELLED: {"ja": "予約キャンセル", "en": "Booking cancelled"},
    NoticeKind.PAYMENT_FAILED: {"ja": "お支払い未完了", "en": "Payment not completed"},
    NoticeKind.PAYMENT_RENEW: {"ja": "カード再登録のお願い", "en": "Please enter your card again"},
    AccountEmailKind.WAITLIST_OFFERED: {"ja": "空きが出ました", "en": "A time has opened up"},
}
_UNTIL: Bilingual = {"ja": "{until}までにお返事ください", "en": "Please answer by {until}"}
_ANSWER: Bilingual = {"ja": "予約する・見送る", "en": "Book or decline"}
#: Labels of LINE have at most 20 characters.
_CHANGE: Bilingual = {"ja": "確認・変更・キャンセル", "en": "View or change"}


@dataclass(frozen=True, slots=True)
class ShortMessage:
    """``sms`` is one line; ``title`` and ``lines`` (at most three) are for LINE and push, with a ``button`` of label
    and address. ``seconds``: how long it is of use to somebody whose device is not there."""

    notice_id: str
    language: str
    sms: str
    title: str
    lines: tuple[str, ...]
    button: tuple[str, str]
    seconds: int


def short_booking_message(content: NoticeContent, link: str, now: datetime) -> ShortMessage:
    """About a booking. Raises KeyError for a kind without a short form (`domain.messages.channels.SHORT`, and the
    request to prove a number)."""
    language, zone = content.language, content.time_zone
    business = pick(content.business_name, language)
    services = rows.listed((pick(item.name, language) for item in content.items), language)
    asked = button(content)
    times = {"time": formats.sms(content.start_at, zone, language)}
    if content.proof_deadline is not None:
        times["until"] = formats.clock(content.proof_deadline, zone, language)
    return ShortMessage(
        str(content.id),
        language,
        _sms(content.kind, language, business, link, **times),
        _EVENTS[content.kind][language],
        (business, formats.span(content.start_at, content.end_at, zone, language), services),
        (_CHANGE[language] if asked == "change" else BUTTONS[asked][language], link),
        _seconds(content.start_at, now),
    )


def short_offer(content: AccountEmailContent, link: str, now: datetime) -> ShortMessage:
    """A freed time of the waitlist."""
    language, zone = content.language, content.time_zone
    business = pick(content.business_name, language)
    start, until = (datetime.fromisoformat(str(content.facts[name])).astimezone(UTC) for name in ("start_at", "until"))
    times = {"time": formats.sms(start, zone, language), "until": formats.sms(until, zone, language)}
    return ShortMessage(
        str(content.id),
        language,
        _sms(content.kind, language, business, link, **times),
        _EVENTS[content.kind][language],
        (
            business,
            f"{formats.short(start, zone, language)} {pick(content.service_name, language)}",
            _UNTIL[language].format(until=formats.short(until, zone, language)),
        ),
        (_ANSWER[language], link),
        _seconds(until, now),
    )


def code_message(notice_id: str, language: str, code: str) -> ShortMessage:
    """The code that proves a number; by SMS alone."""
    minutes = str(CODE_LASTS.seconds // 60)
    text = _SMS[CodeKind.PHONE_CODE][language].format(name=PLATFORM, code=code, minutes=minutes)
    return ShortMessage(notice_id, language, text, "", (), ("", ""), CODE_LASTS.seconds)


def _sms(kind: str, language: str, business: str, link: str, **values: str) -> str:
    name, whole = one_line(business), _SMS[kind][language]
    text = whole.format(name=name, link=link, **values)
    wanted = segments(whole.format(name="", link=link, **values))
    while segments(text) > wanted and len(name) > _LEAST_NAME:
        name = name.removesuffix("…")[:-1].rstrip() + "…"
        text = whole.format(name=name, link=link, **values)
    return text


def _seconds(until: datetime, now: datetime) -> int:
    return max(60, int((until - now).total_seconds()))
