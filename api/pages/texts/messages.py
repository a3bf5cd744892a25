"""Sentences of the page on which a recipient chooses which messages come."""

from collections.abc import Mapping

from api.http.texts.text import Text

WORDS: Mapping[str, Text] = {
    "choices_title": Text("メールの受信設定", "Your e-mails"),
    "choices_lead": Text(
        "{business}からのメールのうち、受け取るものをお選びください。",
        "Choose which e-mails you receive from {business}.",
    ),
    "choices_always": Text(
        "ご予約の確定・変更・キャンセルやお支払いなど、大切なお知らせは常にお送りします。",
        "We always send what you need to know about your bookings and payments.",
    ),
    "choice_channel_email": Text("メール", "by e-mail"),
    "choice_channel_line": Text("LINE", "by LINE"),
    "choice_channel_push": Text("ブラウザーの通知", "in the browser"),
    "choice_channel_sms": Text("SMS", "by SMS"),
    "choices_save": Text("受信設定を保存する", "Save my choices"),
    "choices_saved": Text("受信設定を保存しました。", "Your choices are saved."),
    "choice_booking_reminder": Text("ご予約日が近づいたときのご案内", "Reminders of your bookings"),
    "choice_review_requested": Text("ご利用後の口コミのお願い", "Requests for a review after your visit"),
    "choice_review_replied": Text("口コミへの返信のお知らせ", "Replies to your reviews"),
    "choice_review_posted": Text("口コミの投稿のお知らせ", "New reviews of your business"),
}
