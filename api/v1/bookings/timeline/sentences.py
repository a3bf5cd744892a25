"""The sentences of a booking's timeline, in Japanese and English."""

from collections.abc import Mapping
from datetime import datetime

from api.http.texts.text import Text
from domain.bookings.timeline import Source, TimelineEntry
from domain.messages import formats

BOOKING: Mapping[str, Text] = {
    "held": Text("予約の時間を確保しました。", "The time was reserved."),
    "overbooked": Text(
        "空きがない時間に、責任者の判断で予約を入れました。", "A manager booked it although the time was not free."
    ),
    "awaiting_approval": Text("お支払いを確認し、承認待ちになりました。", "It was paid and waits for approval."),
    "address_proven": Text("メールアドレスを確認しました。", "The e-mail address was confirmed."),
    "confirmed": Text("予約が確定しました。", "The booking was confirmed."),
    "rescheduled": Text("日時を{old}から{new}に変更しました。", "The time was changed from {old} to {new}."),
    "cancelled": Text("予約をキャンセルしました。", "The booking was cancelled."),
    "declined": Text("予約をお断りしました。", "The booking was declined."),
    "expired": Text(
        "期限までに手続きがなく、予約は失効しました。", "The booking expired, because its deadline passed."
    ),
    "checked_in": Text("受付しました。", "The customer was checked in."),
    "completed": Text("ご利用が完了しました。", "The visit was completed."),
    "no_show": Text("ご連絡なくお越しにならなかったと記録しました。", "The visit was recorded as a no-show."),
    "undone": Text("直前の操作を取り消しました。", "The last step was undone."),
    "settled": Text(
        "操作が確定し、金額とお知らせを処理しました。", "The step became final; its money and messages followed."
    ),
    "party_changed": Text(
        "人数を{old_party}名から{party}名に変更しました。",
        "The number of people was changed from {old_party} to {party}.",
    ),
    "reassigned": Text("担当を変更しました。", "The staff member was changed."),
    "late_money_returned": Text(
        "期限後のお支払いを返金することにしました。", "Money that came too late is being returned."
    ),
}
#: A movement of money, by its phase. ``{amount}`` is written out.
MONEY: Mapping[str, Text] = {
    "authorize.intended": Text(
        "カードの利用枠{amount}の確保を依頼しました。", "A card hold of {amount} was requested."
    ),
    "authorize.succeeded": Text("カードの利用枠{amount}を確保しました。", "{amount} were held on the card."),
    "authorize.failed": Text(
        "カードの利用枠{amount}を確保できませんでした。", "The card hold of {amount} was refused."
    ),
    "capture.intended": Text("{amount}の決済を依頼しました。", "A payment of {amount} was requested."),
    "capture.succeeded": Text("{amount}をお支払いいただきました。", "{amount} were paid."),
    "capture.failed": Text("{amount}の決済ができませんでした。", "The payment of {amount} was refused."),
    "void.intended": Text("お支払い手続きの取消を依頼しました。", "Closing the payment was requested."),
    "void.succeeded": Text("カードの利用枠{amount}を解放しました。", "{amount} are no longer held on the card."),
    "void.failed": Text("お支払い手続きを取り消せませんでした。", "The payment could not be closed."),
    "refund.intended": Text("{amount}の返金を依頼しました。", "A refund of {amount} was requested."),
    "refund.succeeded": Text("{amount}を返金しました。", "{amount} were refunded."),
    "refund.failed": Text("{amount}を返金できませんでした。", "The refund of {amount} failed."),
    "dispute.intended": Text("{amount}について異議の申し立てがありました。", "{amount} are disputed."),
    "dispute.succeeded": Text("異議が認められ、{amount}が戻されました。", "The dispute of {amount} was lost."),
    "dispute.failed": Text("異議は認められませんでした（{amount}）。", "The dispute of {amount} was won."),
}
_UNKNOWN_OUTCOME = Text(
    "決済会社の結果を確認しています（{amount}）。", "The outcome at the payment company is not known yet ({amount})."
)
#: The subject of a message, by the beginning of its kind; the first that matches.
MESSAGES: Mapping[str, Text] = {
    "booking_held": Text("仮予約のお知らせ", "The message that the time is reserved"),
    "booking_proof": Text("メールアドレス確認のお願い", "The request to confirm the e-mail address"),
    "booking_requested": Text("お申し込みのお知らせ", "The message about the request"),
    "booking_confirmed": Text("予約確定のお知らせ", "The confirmation"),
    "booking_reminder": Text("ご予約前のお知らせ", "The reminder"),
    "booking_changed": Text("変更のお知らせ", "The message about the change"),
    "booking_cancelled": Text("キャンセルのお知らせ", "The message about the cancellation"),
    "booking_expired": Text("失効のお知らせ", "The message that the booking expired"),
    "booking_declined": Text("お断りのお知らせ", "The message that the booking was declined"),
    "booking_completed": Text("ご利用のお礼", "The message after the visit"),
    "booking_no_show": Text("お越しにならなかった場合のお知らせ", "The message about the no-show"),
    "booking_reassigned": Text("担当変更のお知らせ", "The message about the staff member"),
    "payment_": Text("お支払いのお知らせ", "The message about the payment"),
    "reaccommodation_": Text("別の日時のご案内", "The offer of another time"),
    "review_": Text("口コミのお知らせ", "The message about a review"),
    "waitlist_": Text("キャンセル待ちのご案内", "The message about the waitlist"),
    "": Text("お知らせ", "A message"),
}
_STATES: Mapping[str, Text] = {
    "queued": Text("{what}を送信待ちです。", "{what} waits to be sent."),
    "sent": Text("{what}を送信しました。", "{what} was sent."),
    "delivered": Text("{what}をお届けしました。", "{what} was delivered."),
    "bounced": Text("{what}は届きませんでした。", "{what} could not be delivered."),
    "failed": Text("{what}を送信できませんでした。", "{what} could not be sent."),
}
_PROVIDER = Text("決済会社から通知を受け取りました（{event}）。", "The payment company reported {event}.")


def sentence(entry: TimelineEntry, zone: str, language: str) -> str:
    """The entry as a reader of ``language`` reads it; times are the venue's."""
    if entry.source is Source.PROVIDER:
        return _pick(_PROVIDER, language).format(event=entry.event)
    if entry.source is Source.MONEY:
        amount = formats.money(entry.amount or 0, entry.currency or "JPY", language)
        return _pick(MONEY.get(entry.event, _UNKNOWN_OUTCOME), language).format(amount=amount)
    if entry.source is Source.MESSAGE:
        kind, _, state = entry.event.rpartition(".")
        about = next(text for start, text in MESSAGES.items() if kind.startswith(start))
        return _pick(_STATES.get(state, _STATES["queued"]), language).format(what=_pick(about, language))
    known = BOOKING.get(entry.event)
    if known is None:
        return entry.event
    parties = {"old_party": entry.details.get("old_party_size"), "party": entry.details.get("party_size")}
    return _pick(known, language).format(**_times(entry, zone, language), **parties)


def _times(entry: TimelineEntry, zone: str, language: str) -> dict[str, str]:
    names = {"old": "old_start_at", "new": "start_at"}
    found = {name: entry.details.get(key) for name, key in names.items()}
    return {name: formats.short(datetime.fromisoformat(at), zone, language) if at else "" for name, at in found.items()}


def _pick(text: Text, language: str) -> str:
    return text.ja if language == "ja" else text.en


ACTORS: Mapping[str, Text] = {
    "customer": Text("お客様", "customer"),
    "guest": Text("お客様", "customer"),
    "staff": Text("お店", "the business"),
    "admin": Text("運営", "the platform"),
    "system": Text("自動", "automatic"),
    "provider": Text("決済会社", "the payment company"),
}


def actor(entry: TimelineEntry, for_staff: bool, language: str) -> str | None:
    """Who did it: for staff by name where it is known, for customers by side. None for events without an actor."""
    if entry.actor_kind is None:
        return None
    side = _pick(ACTORS[entry.actor_kind], language) if entry.actor_kind in ACTORS else entry.actor_kind
    if for_staff and entry.actor_name:
        return f"{entry.actor_name}（{side}）" if language == "ja" else f"{entry.actor_name} ({side})"
    return side
