"""Sentences about calendars and free times: error codes, rules and states."""

from api.http.texts.text import Meaning, Text, Texts

TEXTS = Texts(
    meanings={
        "slot_taken": Meaning(
            409,
            "ご希望の日時はすでに埋まっています。ほかの日時をお選びください。",
            "This time is no longer available. Please choose another one.",
        ),
        "would_break_bookings": Meaning(
            409,
            "この変更により、お受けできなくなる予約があります。内容をご確認のうえ、変更を確定してください。",
            "This change affects bookings. Please check them and confirm the change.",
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
    },
    with_values={
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
        "would_break_bookings": Text(
            "この変更により、{count}件の予約をお受けできなくなります。内容をご確認のうえ、変更を確定してください。"
            "お客様には別の日時をご案内します。",
            "This change affects {count} bookings. Please check them and confirm the change."
            " These customers will be offered another time.",
        ),
        "overlapping_hours": Text(
            "時間帯が重なっています（{first}と{second}）。重ならないように修正してください。",
            "These hours overlap ({first} and {second}). Please correct them.",
        ),
        "outside_booking_window": Text(
            "この日時は予約の受付期間外です。{earliest}から{latest}までの間でお選びください。",
            "This time is outside the booking period. Please choose a time between {earliest} and {latest}.",
        ),
        "party_size_refused": Text(
            "ご予約は{party_min}〜{party_max}名様で承っております。",
            "Please choose from {party_min} to {party_max} people.",
        ),
    },
    by_cause={
        ("forbidden", "other_email"): Text(
            "招待メールが届いたメールアドレスのアカウントでログインしてください。",
            "Please log in with the e-mail address that was invited.",
        ),
        ("already_exists", "first_day"): Text(
            "この期間には、すでに予定が登録されています。", "Something is already entered for these days."
        ),
    },
    rules={
        "no_resources": Text(
            "担当スタッフや設備が登録されていないメニューです。", "No staff, room or equipment is set for this service."
        ),
        "not_before_first_day": Text(
            "終了日は開始日以降にしてください。", "The last day must not be before the first."
        ),
        "not_before_from": Text("終了日は開始日以降にしてください。", "The last day must not be before the first."),
        "at_most_366_days": Text("1年以内で指定してください。", "At most one year is possible."),
        "at_most_31_days": Text("31日以内で指定してください。", "At most 31 days are possible."),
        "until_or_count": Text(
            "終了日か回数のどちらか一方を指定してください。", "Give either the last day or the number of times."
        ),
        "at_most_52_occurrences": Text("繰り返しは1〜52回で指定してください。", "It can recur 1 to 52 times."),
        "interval_1_to_52": Text("間隔は1〜52で指定してください。", "The interval must be from 1 to 52."),
        "for_monthly_only": Text(
            "毎月の繰り返しでだけ、日付か曜日を指定してください。",
            "Choose date or weekday for monthly repetition only.",
        ),
        "not_the_last_weekday": Text(
            "最終週の曜日で繰り返すには、月の最後の7日間の日を選んでください。",
            "To repeat the last weekday, start in the last seven days of a month.",
        ),
        "not_before_start": Text("終了日は初回以降にしてください。", "The last day must not be before the first time."),
        "within_ten_years": Text("10年以内に収まるようにしてください。", "All of them must lie within ten years."),
        "occurrences_overlap": Text(
            "次の回と重なっています。時間か間隔を変更してください。",
            "It overlaps its next repetition. Change the times or the interval.",
        ),
        "at_most_one_day": Text("24時間以内で指定してください。", "At most 24 hours are possible."),
        "quarters_up_to_one_hour": Text(
            "0分から60分まで、15分単位で選んでください。", "Choose 0, 15, 30, 45 or 60 minutes."
        ),
        "one_minute_to_one_day": Text("1分から24時間の間で指定してください。", "Choose from one minute to 24 hours."),
        "within_day": Text("開始は24:00より前にしてください。", "It must start before midnight."),
        "within_two_days": Text("終了は翌日の24:00までにしてください。", "It must end by midnight of the next day."),
        "seven": Text("7日分を入力してください。", "Please enter all seven days."),
        "at_most_the_units_of_its_resources": Text(
            "定員は、部屋や設備の席数の合計以下にしてください。",
            "The places must not exceed the seats of all its rooms together.",
        ),
        "at_most_the_units_of_one_resource": Text(
            "1組の人数は、1つの部屋の席数以下にしてください。", "Each group must fit into one of the rooms."
        ),
        "no_holidays_known_in_this_time_zone": Text(
            "このタイムゾーンの祝日は登録されていません。祝日の営業時間は設定せず、臨時営業日・休業日をご利用ください。",
            "Public holidays are not known in this time zone. Leave this empty and use single days instead.",
        ),
        "unknown_service": Text(
            "選択した項目が見つかりません。画面を読み込み直してください。",
            "This choice no longer exists. Please reload the page.",
        ),
        "unknown_or_taken": Text("ほかの方にひも付いています。", "Already linked to someone else."),
        "not_bookable": Text("予約を受け付けていない項目です。", "This cannot be booked."),
        "one_to_five": Text("1〜5個で指定してください。", "Choose one to five."),
        "at_most_one": Text("1つまで指定できます。", "Choose at most one."),
    },
    states={
        "ended": Text("終了", "ended"),
        "kept": Text("継続", "kept"),
        "moved": Text("日時変更済み", "moved"),
        "withdrawn": Text("取り下げ済み", "withdrawn"),
    },
)
