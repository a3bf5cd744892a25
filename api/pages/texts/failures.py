"""Why a message did not arrive, in words. The codes are those of ``failure_reason`` (docs/messages.md); what a provider
writes in its own words is never shown."""

from collections.abc import Mapping

from api.http.texts.text import Text

WORDS: Mapping[str, Text] = {
    "failure_sender_unproven": Text(
        "予約した方のメールアドレスが確認されていないため、送りませんでした。",
        "Not sent, because the address of the person who booked is not confirmed.",
    ),
    "failure_recipient_limit": Text(
        "この宛先への送信が続いたため、送りませんでした。",
        "Not sent, because this recipient had too many messages in a short time.",
    ),
    "failure_opted_out": Text(
        "お客様がこの種類のお知らせを受け取らない設定にしています。",
        "The recipient does not want this kind of message.",
    ),
    "failure_same_person": Text(
        "統合した同じお客様に同じお知らせが届くため、送りませんでした。",
        "Not sent, because the merged record of the same customer gets this message.",
    ),
    "failure_outdated": Text(
        "予約の内容が変わったため、送る必要がなくなりました。", "The booking has changed, so it was no longer needed."
    ),
    "failure_channel_quota": Text("送信数の上限に達しています。", "The limit of messages for this period is reached."),
    "failure_line_monthly_limit": Text(
        "LINEの月間の送信数の上限に達しています。", "The monthly limit of LINE is reached."
    ),
    "failure_no_address": Text("送り先が登録されていません。", "There is no address to send it to."),
    "failure_no_answer": Text(
        "送信サービスの応答がなく、届いたかどうか確認できません。",
        "The sending service did not answer. It is not known whether it arrived.",
    ),
    "failure_gave_up": Text(
        "期限までに送信できませんでした。もう一度お試しください。", "It could not be sent in time. Please try again."
    ),
    "failure_subscription_ended": Text(
        "通知の登録が取り消されています。", "The recipient has switched notifications off."
    ),
    "failure_returned": Text(
        "宛先のメールサーバーから戻ってきました。アドレスをご確認ください。",
        "The recipient's server returned it. Please check the address.",
    ),
    "failure_refused": Text(
        "送信サービスが受け付けませんでした。送り先をご確認ください。",
        "The sending service refused it. Please check the address or number.",
    ),
    "failure_other": Text("送信できませんでした。", "It could not be sent."),
}

_RETURNED = ("bounced:", "dropped:")
_REFUSED = ("http_4", "smtp_5", "failed", "undelivered")


def failure(reason: str) -> str:
    """The key of the sentence of a stored reason, which may end with what a provider wrote."""
    if f"failure_{reason}" in WORDS:
        return f"failure_{reason}"
    if reason.startswith(_RETURNED):
        return "failure_returned"
    return "failure_refused" if reason.startswith(_REFUSED) else "failure_other"
