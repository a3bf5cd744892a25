"""Words that all messages share: labels, statuses, events. Nothing here depends on a message."""

import unicodedata
from collections.abc import Mapping, Sequence

from domain.identity.devices import device_of
from runtime.phone_numbers import shown

Bilingual = Mapping[str, str]

#: The name of the platform in messages.
PLATFORM = "Omotenashi Connect"

#: The labels of rows.
LABELS: Mapping[str, Bilingual] = {
    "code": {"ja": "予約番号", "en": "Booking number"},
    "when": {"ja": "日時", "en": "Date and time"},
    "service": {"ja": "ご予約内容", "en": "Booked"},
    "staff": {"ja": "担当", "en": "Staff"},
    "party": {"ja": "人数", "en": "People"},
    "total": {"ja": "ご予約金額", "en": "Total"},
    "agreed": {"ja": "ご予約時の金額", "en": "Total when booked"},
    "payment": {"ja": "お支払い", "en": "Payment"},
    "address": {"ja": "住所", "en": "Address"},
    "map": {"ja": "地図", "en": "Map"},
    "phone": {"ja": "電話", "en": "Phone"},
    "email": {"ja": "メール", "en": "E-mail"},
    "customer": {"ja": "お客様", "en": "Customer"},
    "requests": {"ja": "ご要望", "en": "Requests"},
    "visits": {"ja": "ご利用回数", "en": "Visit"},
    "open_map": {"ja": "地図を開く", "en": "Open map"},
}

#: Labels that are different for owners.
OWNER_LABELS: Mapping[str, Bilingual] = {
    "service": {"ja": "予約内容", "en": "Booked"},
    "total": {"ja": "予約金額", "en": "Total"},
    "agreed": {"ja": "予約時の金額", "en": "Total when booked"},
    "payment": {"ja": "支払い", "en": "Payment"},
}

#: Statuses of a booking in messages to owners.
STATUS: Mapping[str, Bilingual] = {
    "pending": {"ja": "未確定", "en": "not confirmed yet"},
    "confirmed": {"ja": "確定", "en": "confirmed"},
    "checked_in": {"ja": "受付済み", "en": "checked in"},
    "completed": {"ja": "完了", "en": "completed"},
    "no_show": {"ja": "無断キャンセル", "en": "no-show"},
    "cancelled": {"ja": "キャンセル", "en": "cancelled"},
    "declined": {"ja": "お断り", "en": "declined"},
    "expired": {"ja": "期限切れ", "en": "expired"},
}

#: The subject of messages to the business that have no template of their own.
EVENTS: Mapping[str, Bilingual] = {
    "booking_held": {"ja": "支払い待ち", "en": "waiting for payment"},
    "booking_requested": {"ja": "申し込み", "en": "request"},
    "booking_proof": {"ja": "メールアドレスの確認", "en": "confirm your address"},
    "booking_confirmed": {"ja": "確定", "en": "confirmed"},
    "booking_reminder": {"ja": "リマインダー", "en": "reminder"},
    "booking_changed": {"ja": "日時変更", "en": "new time"},
    "booking_cancelled": {"ja": "キャンセル", "en": "cancelled"},
    "booking_expired": {"ja": "仮予約の期限切れ", "en": "reservation expired"},
    "booking_declined": {"ja": "お断り", "en": "declined"},
    "booking_completed": {"ja": "完了", "en": "completed"},
    "booking_no_show": {"ja": "無断キャンセル", "en": "no-show"},
    "payment_received": {"ja": "入金", "en": "payment received"},
    "payment_failed": {"ja": "支払いの失敗", "en": "payment failed"},
    "payment_refunded": {"ja": "返金", "en": "refunded"},
    "payment_late": {"ja": "期限後の入金", "en": "late payment"},
    "payment_renew": {"ja": "カードの再登録待ち", "en": "card needed again"},
    "payment_voucher": {"ja": "コンビニ払いの番号", "en": "numbers for a convenience store"},
    "payment_voucher_ending": {"ja": "コンビニ払いの期限", "en": "convenience store payment due"},
    "refund_account": {"ja": "返金先の口座の確認", "en": "bank account for a refund"},
    "reaccommodation_offered": {"ja": "日時変更のお願い", "en": "another time offered"},
    "reaccommodation_reminder": {"ja": "日時変更のお願い（再送）", "en": "another time offered again"},
    "reaccommodation_decided": {"ja": "日時変更の結果", "en": "answer to the offered time"},
    "booking_reassigned": {"ja": "担当変更", "en": "new staff member"},
    "review_requested": {"ja": "口コミのお願い", "en": "review asked for"},
    "review_posted": {"ja": "口コミの投稿", "en": "new review"},
    "review_replied": {"ja": "口コミへの返信", "en": "reply to a review"},
    "review_decided": {"ja": "口コミの確認結果", "en": "review checked"},
}

#: The chains where a voucher is paid, by the provider's names.
STORES: Mapping[str, Bilingual] = {
    "familymart": {"ja": "ファミリーマート", "en": "FamilyMart"},
    "lawson": {"ja": "ローソン", "en": "Lawson"},
    "ministop": {"ja": "ミニストップ", "en": "Ministop"},
    "seicomart": {"ja": "セイコーマート", "en": "Seicomart"},
}

#: Where refunded money goes; True: it was paid in cash at a convenience store.
REFUND_TO: Mapping[bool, Bilingual] = {
    False: {"ja": "お支払いに使われたカードにお戻しします", "en": "to the card you paid with"},
    True: {
        "ja": "銀行口座にお振り込みします。口座をお尋ねするメールをStripeよりお送りします",
        "en": "to your bank account; Stripe asks you for it by e-mail",
    },
}

#: The buttons of messages to customers, by what the status of the booking allows.
BUTTONS: Mapping[str, Bilingual] = {
    "change": {"ja": "予約の確認・変更・キャンセル", "en": "View or change booking"},
    "pay": {"ja": "お支払いに進む", "en": "Pay now"},
    "prove": {"ja": "予約を確定する", "en": "Confirm my booking"},
    "card": {"ja": "カードを登録する", "en": "Enter card"},
    "voucher": {"ja": "お支払い番号を見る", "en": "View payment numbers"},
    "choose": {"ja": "日時を選ぶ", "en": "Choose a time"},
    "review": {"ja": "口コミを書く", "en": "Write a review"},
    "view": {"ja": "予約内容を見る", "en": "View booking"},
}

#: The link to the choice of messages, under those that can be switched off.
CHOICES: Bilingual = {"ja": "メールの配信停止・受信設定", "en": "Unsubscribe or choose your messages"}

#: Why a review was taken down, by `domain.reviews.status.RemovalReason`.
REMOVALS: Mapping[str, Bilingual] = {
    "offensive": {"ja": "人を傷つける表現が含まれています", "en": "It contains offensive language"},
    "personal_data": {"ja": "個人を特定できる情報が含まれています", "en": "It contains personal data"},
    "not_a_visit": {"ja": "このご利用についての内容ではありません", "en": "It is not about this visit"},
    "advertising": {"ja": "宣伝が含まれています", "en": "It contains advertising"},
    "untrue": {"ja": "事実と異なる内容が含まれています", "en": "It contains statements that are not true"},
    "other": {"ja": "利用規約に沿わない内容が含まれています", "en": "It does not follow our terms of use"},
}

_PRIVATE_LINK: Bilingual = {
    "ja": "このリンクはご本人専用です。ほかの方に転送しないでください。",
    "en": "This link is for you only. Please do not forward it.",
}


def private_link(language: str) -> str:
    """The text under the link to a booking."""
    return _PRIVATE_LINK[language]


def one_line(value: str) -> str:
    """Typed text without line breaks and control characters, so that it cannot add a header or a paragraph.

    Characters that change the direction of writing are removed too, because a name with them could reorder the text
    after it. U+200C and U+200D stay: Persian and Sinhala need them, and emoji of several people.
    """
    return " ".join("".join(_allowed(sign) for sign in value).split())


_JOINERS = frozenset("\u200c\u200d")


def _allowed(sign: str) -> str:
    category = unicodedata.category(sign)
    if category == "Cf":
        return sign if sign in _JOINERS else ""
    return " " if category in {"Cc", "Zl", "Zp"} else sign


def device(user_agent: str) -> str:
    """``Chrome (Windows)``: browser and system from a ``User-Agent``; empty for none."""
    return device_of(one_line(user_agent))


def pick(name: Bilingual | None, language: str) -> str:
    """The text in ``language``, else in the language that exists."""
    if not name:
        return ""
    return one_line(name.get(language) or name.get("ja") or name.get("en") or "")


def pick_all(names: Sequence[Bilingual], language: str) -> str:
    """The texts in ``language``, as a list in a sentence; empty for none."""
    return ("、" if language == "ja" else ", ").join(pick(name, language) for name in names)


def phone(number: str | None, as_typed: str | None, language: str) -> str:
    """See `runtime.phone_numbers.shown`; on one line."""
    return shown(one_line(number or ""), one_line(as_typed or ""), language)
