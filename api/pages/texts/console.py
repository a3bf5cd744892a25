"""Sentences of the console: the pages of people who work at a business."""

from collections.abc import Mapping

from api.http.texts.text import Text

WORDS: Mapping[str, Text] = {
    "console": Text("管理画面", "Dashboard"),
    "log_in": Text("ログイン", "Log in"),
    "log_in_title": Text("管理画面にログイン", "Log in to your dashboard"),
    "log_out": Text("ログアウト", "Log out"),
    "password": Text("パスワード", "Password"),
    "code_title": Text("二段階認証", "Two-factor login"),
    "code_hint": Text(
        "認証アプリの6桁の確認コード、またはリカバリーコードを入力してください。",
        "Enter the six digits of your authenticator app, or a recovery code.",
    ),
    "code_field": Text("確認コード", "Code"),
    "businesses": Text("店舗", "Businesses"),
    "no_businesses": Text(
        "まだ店舗がありません。店舗を登録してください。お勤めの店舗がある場合は、招待メールのリンクを開いてください。",
        "You have no business yet. Register yours, or open the link in the invitation of the business you work for.",
    ),
    "new_business": Text("店舗を登録する", "Register a business"),
    "another_business": Text("別の店舗を登録する", "Register another business"),
    "new_business_say": Text(
        "まず店舗の情報を登録します。公開されるのは、審査で承認されてからです。あとから変更できます。",
        "First describe the business. It is public only after verification, and you can change all of this later.",
    ),
    "new_business_address": Text(
        "{email}宛てのメールのボタンで、メールアドレスも確認してください。審査の書類を送るときに必要です。",
        "Please also confirm your address with the button in the e-mail to {email}. You need it to send documents.",
    ),
    "new_business_do": Text("登録して次へ進む", "Register and continue"),
    "business_made": Text(
        "店舗を登録しました。次に進みましょう。", "Your business is registered. Here is what comes next."
    ),
    "not_public_draft": Text(
        "まだ公開されていません。公開までに必要なことを見る", "Not public yet: see what is missing"
    ),
    "not_public_pending": Text("審査中です。状況を見る", "Being verified: see how far it is"),
    "not_public_rejected": Text(
        "審査で承認されませんでした。理由と次の手順を見る", "Not approved: see the reason and what to do next"
    ),
    "not_public_suspended": Text("公開を停止しています。理由を見る", "Not public at the moment: see the reason"),
    "today": Text("本日の予約", "Today"),
    "day_of": Text("{day}の予約", "Bookings on {day}"),
    "day_before": Text("前の日", "Day before"),
    "day_after": Text("次の日", "Day after"),
    "go_today": Text("今日", "Today"),
    "no_visits": Text("この日の予約はありません。", "There are no bookings on this day."),
    "count_expected": Text("予約", "Expected"),
    "count_arrived": Text("受付済み", "Arrived"),
    "count_to_answer": Text("承認待ち", "To answer"),
    "count_cancelled": Text("キャンセルなど", "Cancelled"),
    "late": Text("お越しを確認", "Not here yet"),
    "open_booking": Text("{name}様の予約を開く", "Open the booking of {name}"),
    "no_name": Text("お名前なし", "No name"),
    "status_pending": Text("未確定", "Pending"),
    "status_confirmed": Text("確定", "Confirmed"),
    "status_checked_in": Text("受付済み", "Checked in"),
    "status_completed": Text("完了", "Completed"),
    "status_no_show": Text("無断キャンセル", "No-show"),
    "status_cancelled": Text("キャンセル", "Cancelled"),
    "status_declined": Text("お断り", "Declined"),
    "status_expired": Text("期限切れ", "Expired"),
    "do_confirm": Text("承認する", "Approve"),
    "do_decline": Text("お断りする", "Decline"),
    "do_check-in": Text("受付する", "Check in"),
    "do_complete": Text("完了にする", "Complete"),
    "do_no-show": Text("無断キャンセルにする", "No-show"),
    "do_undo": Text("元に戻す", "Undo"),
    "more_visits": Text("先頭の100件を表示しています。", "The first 100 bookings are shown."),
    "timeline": Text("経緯", "Timeline"),
    "money": Text("お支払い", "Payments"),
    "no_money": Text("オンラインでの支払いはありません。", "Nothing was paid online."),
    "captured": Text("支払い済み {amount}", "Paid {amount}"),
    "authorized": Text("利用枠の確保 {amount}", "Held {amount}"),
    "refunded": Text("返金済み {amount}", "Refunded {amount}"),
    "card_due": Text(
        "カードの利用枠を継続できないため、お客様に{until}までのカード再登録をお願いしています。",
        "The card hold could not be renewed. The customer is asked for another card by {until}.",
    ),
    "notes": Text("店舗用メモ", "Internal notes"),
    "allergy": Text("アレルギー", "Allergy"),
    "allergy_hidden": Text("登録あり（内容を見る権限がありません）", "noted (you may not read it)"),
    "due_here": Text("当日のお支払い {amount}", "{amount} to pay here"),
    "field_customer": Text("お客様", "Customer"),
    "visits_n": Text("来店{visits}回・無断キャンセル{no_shows}回", "{visits} visits, {no_shows} no-shows"),
    "cancel_here": Text("予約をキャンセルする", "Cancel the booking"),
    "cancel_here_say": Text(
        "店舗の都合によるキャンセルです。お客様にキャンセル料はかかりません。お客様にお知らせします。",
        "This is a cancellation by the business. The customer pays no fee and gets a message.",
    ),
    "cancel_here_do": Text("キャンセルしてお客様に知らせる", "Cancel and send a message"),
    "to_day": Text("この日の一覧へ", "All bookings of the day"),
    "booking_of": Text("{name}様の予約", "Booking of {name}"),
}
