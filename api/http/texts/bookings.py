"""Sentences about bookings: error codes, rules and states."""

from api.http.texts.text import Meaning, Text, Texts

TEXTS = Texts(
    meanings={
        "price_changed": Meaning(
            409,
            "料金が変更されました。新しい料金をご確認のうえ、もう一度お手続きください。",
            "The price has changed. Please check the new price and book again.",
        ),
        "series_clash": Meaning(
            409,
            "一部の日時をご予約いただけません。空いている日時だけを予約するか、条件を変更してください。",
            "Some of the times cannot be booked. Please take only the available ones, or change your choice.",
        ),
        "hold_limit": Meaning(
            422,
            "お支払い前の仮予約が上限に達しています。お支払いまたはキャンセルをお済ませのうえ、もう一度お試しください。",
            "You have as many unpaid bookings as possible. Please pay for one or cancel one first.",
        ),
        "time_is_free": Meaning(
            409,
            "ご希望に合う時間が空いています。そのままご予約ください。",
            "A time that fits is free now. Please book it directly.",
        ),
        "waitlist_limit": Meaning(
            422,
            "空き待ちの登録数が上限に達しています。不要な登録を取り消してから、もう一度お試しください。",
            "There are as many waitlist entries as possible. Please leave one first.",
        ),
    },
    with_values={
        "price_changed": Text(
            "料金が{price}に変更されました。新しい料金をご確認のうえ、もう一度お手続きください。",
            "The price is now {price}. Please check it and book again.",
        ),
        "series_clash": Text(
            "{count}件の日時をご予約いただけません。空いている日時だけを予約するか、条件を変更してください。",
            "{count} of the times cannot be booked. Please take only the available ones, or change your choice.",
        ),
        "hold_limit": Text(
            "お支払い前の仮予約が上限（{limit_count}件）に達しています。"
            "お支払いまたはキャンセルをお済ませのうえ、もう一度お試しください。",
            "You already have {limit_count} unpaid bookings. Please pay for one or cancel one first.",
        ),
    },
    by_cause={
        ("unauthenticated", "invalid_link"): Text(
            "リンクが正しくありません。予約メールのリンクをもう一度開いてください。",
            "This link is not valid. Please open the link in your booking e-mail again.",
        ),
        ("gone", "offer_expired"): Text(
            "ご案内の期限を過ぎました。空き待ちの登録が続いていれば、次の空きをご案内します。",
            "This offer has ended. If you are still on the waitlist, we will offer you the next time that fits.",
        ),
        ("gone", "hold_expires_at"): Text(
            "お支払いの期限を過ぎたため、仮予約は取り消されました。空き時間をご確認のうえ、もう一度ご予約ください。",
            "The time to pay has ended, so the time is no longer reserved. Please book again.",
        ),
    },
    rules={
        "too_many_feeds": Text(
            "カレンダー連携の数が上限に達しています。使っていないものを削除してください。",
            "There are as many calendar feeds as possible. Please delete those that are not used.",
        ),
        "already_started": Text(
            "ご予約の開始時刻を過ぎているため、オンラインでは変更・キャンセルできません。お店にお電話ください。",
            "The booking has already started, so it can no longer be changed or cancelled online."
            " Please call the business.",
        ),
        "email_or_phone": Text(
            "メールアドレスか電話番号のどちらかを入力してください。",
            "Please enter an e-mail address or a phone number.",
        ),
        "too_early": Text(
            "チェックインは、予約時刻の2時間前からできます。", "Check-in opens two hours before the start."
        ),
        "undo_over": Text("操作を取り消せる時間を過ぎています。", "It is too late to undo this."),
        "undo_time_taken": Text(
            "この時間にはほかの予約が入ったため、取り消せません。",
            "Another booking has this time now, so this cannot be undone.",
        ),
        "not_started": Text(
            "予約時刻を過ぎてから記録してください。", "A no-show can be recorded only after the start."
        ),
        "too_late_to_move": Text(
            "オンラインでの日時変更の期限を過ぎています。お店にお電話ください。",
            "The time to change this booking online has passed. Please call the business.",
        ),
        "too_many_moves": Text(
            "このご予約の日時は、これ以上オンラインで変更できません。お店にお電話ください。",
            "This booking cannot be moved online any more. Please call the business.",
        ),
        "paid_tier": Text(
            "キャンセル料がかかる期間のため、オンラインでは日時を変更できません。お店にお電話ください。",
            "Cancelling would now cost a fee, so the booking cannot be moved online. Please call the business.",
        ),
        "series_paid_online": Text(
            "オンライン決済が必要なメニューは、繰り返しの予約ができません。1回ずつご予約ください。",
            "Services that are paid online cannot be booked as a series. Please book them one by one.",
        ),
        "series_needs_proven_address": Text(
            "繰り返しの予約の前に、メールアドレスの確認をお済ませください。",
            "Please confirm your e-mail address before you book a series.",
        ),
        "no_guest_booking": Text("ご予約にはログインが必要です。", "Please log in to book here."),
        "amount_not_payable": Text(
            "このご予約のお支払い額は、オンライン決済をご利用いただけない金額です。お店にお問い合わせください。",
            "This amount cannot be paid online. Please call the business to book.",
        ),
        "too_many_unproven": Text(
            "ただいま確認待ちのご予約が多いため、ログインしてからご予約ください。",
            "Many bookings here wait for a confirmation at the moment. Please log in to book.",
        ),
        "email_needed": Text(
            "確認のメールをお送りしますので、メールアドレスを入力してください。",
            "Please enter an e-mail address; we send a link there to confirm the booking.",
        ),
        "sms_off": Text(
            "ただいまSMSでの確認はご利用いただけません。メールアドレスを入力してください。",
            "A confirmation by SMS is not available at the moment. Please enter an e-mail address.",
        ),
        "mobile_number_needed": Text(
            "SMSを受け取れる携帯電話番号（060・070・080・090）か、メールアドレスを入力してください。",
            "Please enter a mobile number in Japan (060, 070, 080 or 090) or an e-mail address.",
        ),
        "not_working": Text(
            "このスタッフは、その時間は勤務していません。", "This staff member is not working at that time."
        ),
        "sold_by_place": Text(
            "人数の変更は、お店にお問い合わせください。", "To change the number of people, please contact the business."
        ),
        "no_staff_serves_it": Text(
            "このメニューには担当スタッフがいません。", "No staff member serves this part of the booking."
        ),
        "not_staff": Text("スタッフを選んでください。", "Please choose a staff member."),
        "does_not_perform_it": Text(
            "このメニューを担当していないスタッフです。", "This person does not perform the service."
        ),
        "not_with_guest": Text(
            "お客様の情報は、どちらか一方を指定してください。", "Give the details of the customer only once."
        ),
        "for_each_item": Text("担当は、メニューごとに指定してください。", "Choose staff for each service."),
        "provisional_only": Text(
            "回答期限は、仮予約のときだけ指定できます。", "Only a provisional booking has a time to answer."
        ),
        "overbook_reason": Text(
            "空きがない時間に予約を入れる理由を入力してください。",
            "Please give the reason for booking a time that is taken.",
        ),
        "answer_too_soon": Text("回答期限は、5分以上先にしてください。", "Give the customer at least five minutes."),
        "answer_after_start": Text(
            "回答期限は、予約の開始時刻までにしてください。", "The answer must come before the booking starts."
        ),
        "answer_too_late": Text(
            "回答期限が、お店の設定より先になっています。", "Your settings do not allow so much time for the answer."
        ),
        "exactly_one": Text("どれか1つを指定してください。", "Choose exactly one."),
        "required": Text("入力してください。", "Please fill this in."),
        "already_over": Text("これからの日を指定してください。", "Please choose a day that is still ahead."),
        "within_booking_window": Text(
            "まだご予約を受け付けていない日です。", "Bookings for that day are not taken yet."
        ),
        "at_most_six": Text("6つ以内で指定してください。", "Choose six at most."),
    },
    states={
        "checked_in": Text("受付済み", "checked in"),
        "completed": Text("完了", "completed"),
        "confirmed": Text("確定", "confirmed"),
        "declined": Text("お断り", "declined"),
        "no_show": Text("無断キャンセル", "no-show"),
        "offered": Text("ご案内中", "offered"),
        "unproven": Text("メールアドレス確認待ち", "e-mail address not confirmed"),
        "left": Text("取り消し済み", "left"),
        "lapsed": Text("期限切れ", "expired"),
    },
)
