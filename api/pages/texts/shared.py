"""Sentences of every page."""

from collections.abc import Mapping

from api.http.texts.text import Text

WORDS: Mapping[str, Text] = {
    "platform": Text("Omotenashi Connect", "Omotenashi Connect"),
    "other_language": Text("English", "日本語"),
    "skip": Text("本文へ", "Skip to content"),
    "back": Text("戻る", "Back"),
    "change": Text("変更する", "Change"),
    "error_title": Text("お手続きを完了できませんでした", "We could not do that"),
    "not_found_title": Text("ページが見つかりません", "Page not found"),
    "not_found": Text(
        "アドレスが正しいかご確認ください。お店の公開が終了している場合もあります。",
        "Please check the address. The business may also no longer be listed.",
    ),
    "yes_required": Text("必須", "required"),
    "optional": Text("任意", "optional"),
    "tax_included": Text("（税込）", "(tax included)"),
    "made_with": Text("予約システム：Omotenashi Connect", "Bookings by Omotenashi Connect"),
    "check_fields": Text("入力内容をご確認ください。", "Please check what you typed."),
    "fill_in_name": Text("お名前を入力してください。", "Please enter your name."),
    "form_expired": Text(
        "ページの有効期限が切れました。前のページに戻り、もう一度お試しください。",
        "This page has expired. Please go back and try again.",
    ),
}
