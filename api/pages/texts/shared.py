"""Sentences of every page."""

from collections.abc import Mapping

from api.http.texts.text import Text

WORDS: Mapping[str, Text] = {
    "platform": Text("Omotenashi Connect", "Omotenashi Connect"),
    "other_language": Text("English", "日本語"),
    "start_title": Text("お店を予約する", "Book a visit"),
    "start_search": Text("お店の名前・地名", "Name or place"),
    "start_empty": Text("予約できるお店はまだありません。", "No business takes bookings yet."),
    "start_ways": Text("ほかのページ", "Other pages"),
    "start_console": Text("店舗の管理画面", "Dashboard for businesses"),
    "start_docs": Text("APIの説明", "API documentation"),
    "skip": Text("本文へ", "Skip to content"),
    "menu_of_pages": Text("ページ一覧", "Pages"),
    "menu_at": Text("：{page}", ": {page}"),
    "back": Text("戻る", "Back"),
    "change": Text("変更する", "Change"),
    "error_title": Text("お手続きを完了できませんでした", "We could not do that"),
    "not_found_title": Text("ページが見つかりません", "Page not found"),
    "not_found": Text(
        "アドレスが正しいかご確認ください。お店の公開が終了している場合もあります。",
        "Please check the address. The business may also no longer be listed.",
    ),
    "try_again": Text("もう一度試す", "Try again"),
    "begin_again": Text("はじめからやり直す", "Start again"),
    "way_start": Text("最初のページへ", "Go to the first page"),
    "way_business": Text("お店のページへ", "Go to the page of the business"),
    "way_booking": Text("予約のページへ", "Go to the booking"),
    "way_waitlist": Text("キャンセル待ちのページへ", "Go to the waitlist"),
    "way_messages": Text("受信設定のページへ", "Go to your e-mail choices"),
    "way_console": Text("管理画面へ", "Go to the dashboard"),
    "way_admin": Text("運営管理へ", "Go to the operators' pages"),
    "way_account": Text("マイページへ", "Go to my account"),
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
