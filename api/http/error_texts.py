"""The sentences of the error codes, in Japanese and English: what happened, then what to do now.

A sentence names no code, header, field or rule, except where only a program can be the cause.
"""

from collections.abc import Mapping
from dataclasses import dataclass

INTERNAL_ERROR = "internal_error"
METHOD_NOT_ALLOWED = "method_not_allowed"


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence or two. ``{name}`` stands for a value of the details, written out in the language."""

    ja: str
    en: str


@dataclass(frozen=True, slots=True)
class Meaning:
    """How a code is answered."""

    status: int
    ja: str
    en: str

    @property
    def text(self) -> Text:
        """What people read where nothing more is known."""
        return Text(self.ja, self.en)


#: Codes are stable: clients compare them. Sentences may change.
TABLE: Mapping[str, Meaning] = {
    "malformed": Meaning(
        400,
        "送信内容を読み取れませんでした。画面を読み込み直して、もう一度お試しください。",
        "We could not read the request. Please reload the page and try again.",
    ),
    "forged_webhook": Meaning(
        400, "Webhookの署名を確認できませんでした。", "The webhook signature is missing or wrong."
    ),
    "unauthenticated": Meaning(401, "ログインが必要です。もう一度ログインしてください。", "Please log in again."),
    "invalid_credentials": Meaning(
        401,
        "メールアドレスまたはパスワードが正しくありません。入力内容をご確認ください。",
        "The e-mail address or password is not correct. Please check what you entered.",
    ),
    "forbidden": Meaning(
        403,
        "この操作を行う権限がありません。店舗の管理者にご確認ください。",
        "You do not have permission to do this. Please ask the owner or a manager.",
    ),
    "not_found": Meaning(
        404,
        "お探しの情報が見つかりませんでした。URLをご確認ください。",
        "We could not find this. Please check the address.",
    ),
    METHOD_NOT_ALLOWED: Meaning(
        405, "このURLでは、この操作はできません。", "This method is not supported at this address."
    ),
    "too_slow": Meaning(
        408,
        "通信に時間がかかり、受信できませんでした。通信環境をご確認のうえ、もう一度お試しください。",
        "The request took too long. Please check your connection and try again.",
    ),
    "conflict": Meaning(
        409,
        "ほかの設定や操作と重なるため、実行できませんでした。最新の内容をご確認ください。",
        "This conflicts with another setting or action. Please check the latest details.",
    ),
    "slot_taken": Meaning(
        409,
        "ご希望の日時はすでに埋まっています。ほかの日時をお選びください。",
        "This time is no longer available. Please choose another one.",
    ),
    "price_changed": Meaning(
        409,
        "料金が変更されました。新しい料金をご確認のうえ、もう一度お手続きください。",
        "The price has changed. Please check the new price and book again.",
    ),
    "wrong_state": Meaning(
        409,
        "現在の状態では、この操作はできません。最新の内容をご確認ください。",
        "This is not possible at the moment. Please check the latest details.",
    ),
    "already_exists": Meaning(
        409,
        "すでに登録されています。別の内容を入力してください。",
        "This is already in use. Please enter something else.",
    ),
    "would_break_bookings": Meaning(
        409,
        "この変更により、お受けできなくなる予約があります。内容をご確認のうえ、変更を確定してください。",
        "This change affects bookings. Please check them and confirm the change.",
    ),
    "erasure_blocked": Meaning(
        409,
        "今後のご予約、または運営中の店舗があるため、まだ退会できません。"
        "ご予約のキャンセル、または店舗の閉鎖を先にお済ませください。",
        "You still have upcoming bookings or own a business. Please cancel the bookings or close the business first.",
    ),
    "request_in_progress": Meaning(
        409,
        "ただいま処理中です。このまましばらくお待ちください。",
        "Your request is still being processed. Please wait a moment.",
    ),
    "gone": Meaning(
        410,
        "有効期限が切れています。お手数ですが、はじめからやり直してください。",
        "This has expired. Please start again.",
    ),
    "too_large": Meaning(
        413,
        "ファイルまたは入力内容が大きすぎます。小さくして、もう一度お試しください。",
        "The file or text is too large. Please make it smaller and try again.",
    ),
    "unsupported_media_type": Meaning(
        415,
        "この形式のファイルには対応していません。別の形式でお試しください。",
        "This file type is not supported. Please use another one.",
    ),
    "rule_broken": Meaning(
        422,
        "条件に合わないため、実行できませんでした。内容をご確認ください。",
        "This is not possible because a condition is not met. Please check the details.",
    ),
    "invalid_input": Meaning(
        422, "入力内容に誤りがあります。各項目をご確認ください。", "Please check the fields marked below."
    ),
    "invalid_link": Meaning(
        422,
        "リンクが正しくありません。メールのリンクをもう一度開いてください。",
        "This link is not valid. Please open the link in the e-mail again.",
    ),
    "invalid_code": Meaning(
        422,
        "確認コードが正しくないか、使用済みです。認証アプリに表示されている最新のコードを入力してください。",
        "This code is wrong or already used. Please enter the current code from your authenticator app.",
    ),
    "overlapping_hours": Meaning(
        422,
        "時間帯が重なっています。重ならないように修正してください。",
        "Some of these hours overlap. Please correct them.",
    ),
    "outside_booking_window": Meaning(
        422,
        "この日時は予約の受付期間外です。別の日時をお選びください。",
        "This time is outside the booking period. Please choose another one.",
    ),
    "verification_incomplete": Meaning(
        422,
        "審査のお申し込みに必要な項目が不足しています。内容をご確認ください。",
        "Some of what is needed for the application is missing. Please add it.",
    ),
    "outside_opening_hours": Meaning(
        422,
        "この時刻はご予約いただけません。空き時間からお選びください。",
        "You cannot book this time. Please choose one of the available times.",
    ),
    "nobody_works": Meaning(
        422,
        "この時間に対応できる担当者または設備がありません。ほかの時間または担当者をお選びください。",
        "Nobody who is needed works at this time. Please choose another time or person.",
    ),
    "not_bookable": Meaning(
        422,
        "現在、オンラインではご予約いただけません。お店に直接お問い合わせください。",
        "This cannot be booked online at the moment. Please contact the business.",
    ),
    "party_size_refused": Meaning(
        422,
        "この人数ではご予約いただけません。人数をご確認ください。",
        "This number of people cannot be booked. Please check it.",
    ),
    "hold_limit": Meaning(
        422,
        "お支払い前の仮予約が上限に達しています。お支払いまたはキャンセルをお済ませのうえ、もう一度お試しください。",
        "You have as many unpaid bookings as possible. Please pay for one or cancel one first.",
    ),
    "currency_mismatch": Meaning(
        422, "この通貨には対応していません。店舗の通貨をご使用ください。", "Please use the currency of the business."
    ),
    "amount_refused": Meaning(
        422, "この金額は指定できません。金額をご確認ください。", "This amount is not possible. Please check it."
    ),
    "legal_notice_required": Meaning(
        422,
        "オンライン決済を受け付けるには、「特定商取引法に基づく表記」の登録が必要です。店舗情報から登録してください。",
        "To take online payments, please first add your legal notice (Act on Specified Commercial Transactions)"
        " to the business profile.",
    ),
    "idempotency_key_required": Meaning(
        422, "Idempotency-Keyヘッダーを付けて送信してください。", "Please send an Idempotency-Key header."
    ),
    "idempotency_key_reused": Meaning(
        422,
        "このIdempotency-Keyは、別の内容のリクエストで使用済みです。新しいキーを使ってください。",
        "This Idempotency-Key was already used for a different request. Please use a new one.",
    ),
    "payment_declined": Meaning(
        422,
        "このカードではお支払いいただけませんでした。別のカードをお試しいただくか、カード会社にお問い合わせください。",
        "Your card was declined. Please try another card or contact your card company.",
    ),
    "rate_limited": Meaning(
        429,
        "操作の回数が上限に達しました。しばらくおいて、もう一度お試しください。",
        "Too many attempts. Please try again later.",
    ),
    "account_locked": Meaning(
        429,
        "ログインの失敗が続いたため、一時的にログインを停止しています。"
        "しばらくおいてお試しいただくか、パスワードを再設定してください。",
        "Login is paused after too many failed attempts. Please try again later, or reset your password.",
    ),
    INTERNAL_ERROR: Meaning(
        500,
        "申し訳ございません。システムでエラーが発生しました。時間をおいて、もう一度お試しください。",
        "Sorry, something went wrong on our side. Please try again later.",
    ),
    "unavailable": Meaning(
        503,
        "ただいま一時的にご利用いただけません。少し時間をおいて、もう一度お試しください。",
        "The service is temporarily unavailable. Please try again in a moment.",
    ),
}

#: The same with values of the details, used where all of them are known.
WITH_VALUES: Mapping[str, Text] = {
    "slot_taken": Text(
        "ご希望の日時はすでに埋まっています。近い空き時間：{alternatives}",
        "This time is no longer available. Nearest available times: {alternatives}",
    ),
    "nobody_works": Text(
        "この時間に対応できる担当者または設備がありません。近い空き時間：{alternatives}",
        "Nobody who is needed works at this time. Nearest available times: {alternatives}",
    ),
    "outside_opening_hours": Text(
        "この時刻はご予約いただけません。近い空き時間：{alternatives}",
        "You cannot book this time. Nearest available times: {alternatives}",
    ),
    "wrong_state": Text(
        "現在の状態（{status}）では、この操作はできません。最新の内容をご確認ください。",
        'This is not possible while the status is "{status}". Please check the latest details.',
    ),
    "price_changed": Text(
        "料金が{price}に変更されました。新しい料金をご確認のうえ、もう一度お手続きください。",
        "The price is now {price}. Please check it and book again.",
    ),
    "would_break_bookings": Text(
        "この変更により、{count}件の予約をお受けできなくなります。内容をご確認のうえ、変更を確定してください。"
        "お客様には別の日時をご案内します。",
        "This change affects {count} bookings. Please check them and confirm the change."
        " These customers will be offered another time.",
    ),
    "gone": Text(
        "お支払いの期限（{hold_expires_at}）を過ぎたため、仮予約は取り消されました。"
        "空き時間をご確認のうえ、もう一度ご予約ください。",
        "The time to pay ended at {hold_expires_at}, so the time is no longer reserved. Please book again.",
    ),
    "too_large": Text(
        "ファイルまたは入力内容が大きすぎます（上限 {limit}）。",
        "The file or text is too large (at most {limit}).",
    ),
    "unsupported_media_type": Text(
        "この形式のファイルには対応していません。対応形式：{supported}",
        "This file type is not supported. Supported types: {supported}",
    ),
    "overlapping_hours": Text(
        "時間帯が重なっています（{first}と{second}）。重ならないように修正してください。",
        "These hours overlap ({first} and {second}). Please correct them.",
    ),
    "outside_booking_window": Text(
        "この日時は予約の受付期間外です。{earliest}から{latest}までの間でお選びください。",
        "This time is outside the booking period. Please choose a time between {earliest} and {latest}.",
    ),
    "verification_incomplete": Text(
        "審査のお申し込みに必要な項目が不足しています：{missing}", "Before you can apply, please add: {missing}"
    ),
    "party_size_refused": Text(
        "ご予約は{party_min}〜{party_max}名様で承っております。",
        "Please choose from {party_min} to {party_max} people.",
    ),
    "hold_limit": Text(
        "お支払い前の仮予約が上限（{limit_count}件）に達しています。"
        "お支払いまたはキャンセルをお済ませのうえ、もう一度お試しください。",
        "You already have {limit_count} unpaid bookings. Please pay for one or cancel one first.",
    ),
    "currency_mismatch": Text(
        "通貨が店舗の設定（{expected}）と異なります。", "Please use the currency of the business ({expected})."
    ),
    "amount_refused": Text(
        "金額は{available}以内で入力してください。", "Please enter an amount of at most {available}."
    ),
    "rate_limited": Text(
        "操作の回数が上限に達しました。{retry_after}ほどおいて、もう一度お試しください。",
        "Too many attempts. Please try again in {retry_after}.",
    ),
    "account_locked": Text(
        "ログインの失敗が続いたため、一時的にログインを停止しています。"
        "{retry_after}ほどおいてお試しいただくか、パスワードを再設定してください。",
        "Login is paused after too many failed attempts. Please try again in {retry_after}, or reset your password.",
    ),
}

#: By code and by what ``details`` say of the cause.
BY_CAUSE: Mapping[tuple[str, str], Text] = {
    ("unauthenticated", "invalid_link"): Text(
        "リンクが正しくありません。予約メールのリンクをもう一度開いてください。",
        "This link is not valid. Please open the link in your booking e-mail again.",
    ),
    ("forbidden", "other_email"): Text(
        "招待メールが届いたメールアドレスのアカウントでログインしてください。",
        "Please log in with the e-mail address that was invited.",
    ),
    ("gone", "link_expired"): Text(
        "リンクの有効期限が切れています。新しいリンクをお申し込みください。",
        "This link has expired. Please request a new one.",
    ),
    ("gone", "hold_expires_at"): Text(
        "お支払いの期限を過ぎたため、仮予約は取り消されました。空き時間をご確認のうえ、もう一度ご予約ください。",
        "The time to pay has ended, so the time is no longer reserved. Please book again.",
    ),
    ("gone", "link_used"): Text("このリンクは使用済みです。", "This link has already been used."),
    ("gone", "link_replaced"): Text(
        "新しいメールをお送りしています。最新のメールのリンクを開いてください。",
        "We have sent you a newer e-mail. Please use the link in that one.",
    ),
    ("already_exists", "email"): Text(
        "このメールアドレスはすでに登録または招待されています。",
        "This e-mail address is already registered or invited.",
    ),
    ("already_exists", "slug"): Text(
        "このURLは使われています。別の文字列を入力してください。", "This address is taken. Please choose another one."
    ),
    ("already_exists", "first_day"): Text(
        "この期間には、すでに予定が登録されています。", "Something is already entered for these days."
    ),
    ("payment_declined", "insufficient_funds"): Text(
        "ご利用可能額を超えているようです。別のカードをお試しください。",
        "The card limit seems to be reached. Please try another card.",
    ),
    ("payment_declined", "card_velocity_exceeded"): Text(
        "ご利用可能額を超えているようです。別のカードをお試しください。",
        "The card limit seems to be reached. Please try another card.",
    ),
    ("payment_declined", "expired_card"): Text(
        "カードの有効期限が切れています。別のカードをお試しください。",
        "The card has expired. Please try another card.",
    ),
    ("payment_declined", "incorrect_cvc"): Text(
        "セキュリティコードが正しくありません。もう一度入力してください。",
        "The security code is wrong. Please enter it again.",
    ),
    ("payment_declined", "processing_error"): Text(
        "一時的に処理できませんでした。もう一度お試しください。",
        "The card could not be processed. Please try again.",
    ),
    ("payment_declined", "authentication_required"): Text(
        "本人認証（3Dセキュア）が必要です。もう一度お手続きください。",
        "Your bank asks you to confirm the payment (3-D Secure). Please try again.",
    ),
    ("conflict", "services"): Text(
        "このキャンセル規定を使っているメニューがあります。先にメニューの設定を変更してください。",
        "Some services still use this policy. Please change them first.",
    ),
}
