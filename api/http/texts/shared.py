"""Sentences of the errors that any area may raise (`domain.errors`), and names of states that several areas have."""

from api.http.texts.shared_rules import RULES
from api.http.texts.text import Meaning, Text, Texts

INTERNAL_ERROR = "internal_error"
METHOD_NOT_ALLOWED = "method_not_allowed"

TEXTS = Texts(
    meanings={
        "malformed": Meaning(
            400,
            "送信内容を読み取れませんでした。画面を読み込み直して、もう一度お試しください。",
            "We could not read the request. Please reload the page and try again.",
        ),
        "forged_webhook": Meaning(
            400, "Webhookの署名を確認できませんでした。", "The webhook signature is missing or wrong."
        ),
        "unauthenticated": Meaning(401, "ログインが必要です。もう一度ログインしてください。", "Please log in again."),
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
        "currency_mismatch": Meaning(
            422,
            "この通貨には対応していません。店舗の通貨をご使用ください。",
            "Please use the currency of the business.",
        ),
        "idempotency_key_required": Meaning(
            422, "Idempotency-Keyヘッダーを付けて送信してください。", "Please send an Idempotency-Key header."
        ),
        "idempotency_key_reused": Meaning(
            422,
            "このIdempotency-Keyは、別の内容のリクエストで使用済みです。新しいキーを使ってください。",
            "This Idempotency-Key was already used for a different request. Please use a new one.",
        ),
        "rate_limited": Meaning(
            429,
            "操作の回数が上限に達しました。しばらくおいて、もう一度お試しください。",
            "Too many attempts. Please try again later.",
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
    },
    with_values={
        "wrong_state": Text(
            "現在の状態（{status}）では、この操作はできません。最新の内容をご確認ください。",
            'This is not possible while the status is "{status}". Please check the latest details.',
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
        "currency_mismatch": Text(
            "通貨が店舗の設定（{expected}）と異なります。", "Please use the currency of the business ({expected})."
        ),
        "rate_limited": Text(
            "操作の回数が上限に達しました。{retry_after}ほどおいて、もう一度お試しください。",
            "Too many attempts. Please try again in {retry_after}.",
        ),
    },
    by_cause={
        ("gone", "link_expired"): Text(
            "リンクの有効期限が切れています。新しいリンクをお申し込みください。",
            "This link has expired. Please request a new one.",
        ),
        ("already_exists", "email"): Text(
            "このメールアドレスはすでに登録または招待されています。",
            "This e-mail address is already registered or invited.",
        ),
    },
    states={
        "approved": Text("承認済み", "approved"),
        "cancelled": Text("キャンセル", "cancelled"),
        "expired": Text("期限切れ", "expired"),
        "failed": Text("失敗", "failed"),
        "open": Text("返答待ち", "waiting for an answer"),
        "pending": Text("未確定", "waiting"),
        "processing": Text("処理中", "being processed"),
        "queued": Text("送信待ち", "waiting"),
        "ready": Text("準備完了", "ready"),
        "rejected": Text("却下", "rejected"),
        "uploading": Text("アップロード中", "being uploaded"),
    },
    rules=RULES,
)
