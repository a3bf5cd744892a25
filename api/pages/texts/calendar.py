"""Sentences of the console's calendar, and of moving, adding and blocking."""

from collections.abc import Mapping

from api.http.texts.text import Text

WORDS: Mapping[str, Text] = {
    "tab_today": Text("本日", "Today"),
    "tab_calendar": Text("カレンダー", "Calendar"),
    "calendar": Text("カレンダー", "Calendar"),
    "days_from_to": Text("{first}〜{last}", "{first} – {last}"),
    "week_before": Text("前の週", "Week before"),
    "week_after": Text("次の週", "Week after"),
    "shown_as": Text("表示", "View"),
    "view_day": Text("日", "Day"),
    "view_week": Text("週", "Week"),
    "by_staff": Text("担当", "Staff"),
    "by_room": Text("部屋", "Rooms"),
    "by_equipment": Text("設備", "Equipment"),
    "whose": Text("担当の選択", "Whose week"),
    "everybody": Text("全員", "Everybody"),
    "nobodys": Text("担当なし", "Nobody assigned"),
    "new_entry": Text("予約・ブロックを追加", "Add a booking or block"),
    "more_on_calendar": Text("先頭の1000件を表示しています。", "The first 1,000 bookings are shown."),
    "has_request": Text("要望あり", "Request"),
    "block": Text("ブロック", "Blocked"),
    "calendar_hint": Text(
        "予約は、マウスで別の時間や担当へ移せます。予約を開いて「日時を変更」からも移せます。"
        "空いている時間を選ぶと、予約やブロックを追加できます。",
        "Drag a booking to another time or person, or open it and choose “Change the time”. "
        "Choose empty time to add a booking or a block.",
    ),
    "wait": Text("確認しています…", "Checking…"),
    "no_connection": Text(
        "接続できませんでした。予約は変わっていません。", "No connection. The booking has not changed."
    ),
    "close": Text("閉じる", "Close"),
    "with_whom": Text("担当・設備", "With"),
    "as_now": Text("今のまま", "As now"),
    "other_time": Text("ほかの時間を選ぶ", "Choose another time"),
    "move_open": Text("日時を変更", "Change the time"),
    "customer_hears": Text("変更後、お客様にお知らせします。", "The customer receives a message about the new time."),
    "move_approval_again": Text(
        "変更後、もう一度承認が必要です。", "The booking needs your approval again after the change."
    ),
    "not_free_with": Text("{at}は、{name}の空きがありません。", "{name} is not free at {at}."),
    "not_free_at": Text("{at}には空きがありません。", "Nothing is free at {at}."),
    "new_booking": Text("予約を追加", "New booking"),
    "new_block": Text("時間をブロック", "Block time"),
    "start": Text("開始", "Start"),
    "end": Text("終了", "End"),
    "phone_or_email": Text("電話かメールのどちらかが必要です。", "A phone number or an e-mail address is needed."),
    "book_for_customer": Text("予約を確定する", "Book for the customer"),
    "whole_business": Text("店舗全体", "The whole business"),
    "reason_hint": Text("店舗の中だけに表示されます。", "Shown inside the business only."),
    "do_block": Text("ブロックする", "Block this time"),
    "block_strands": Text("次の予約と重なります。", "These bookings are in the way:"),
    "block_anyway": Text(
        "ブロックして、お客様に別の日時を案内する", "Block anyway and offer these customers another time"
    ),
    "which_times": Text("外す時間", "Which times"),
    "scope_one": Text("{at}のみ", "Only {at}"),
    "scope_following": Text("{at}以降", "{at} and later"),
    "scope_all": Text("すべて（{at}を含む）", "All, including {at}"),
    "remove_block": Text("ブロックを外す", "Remove the block"),
}
