"""Sentences about messages: error codes, rules and states."""

from api.http.texts.text import Text, Texts

TEXTS = Texts(
    rules={
        "always_sent": Text(
            "このお知らせは、ご予約やお支払いに必要なため、停止できません。",
            "These messages are needed for bookings and payments and are always sent.",
        ),
        "always_shown": Text("アプリ内のお知らせは停止できません。", "Messages in the app cannot be switched off."),
        "white_text_is_not_readable": Text(
            "白い文字が読みにくい色です。もう少し濃い色をお選びください。",
            "White text cannot be read on this colour. Please choose a darker one.",
        ),
        "at_most_92_days": Text("92日以内で指定してください。", "At most 92 days are possible."),
        "platform_writes_this_text": Text(
            "このメッセージの文面は変更できません。", "The text of this message cannot be changed."
        ),
        "variables_only": Text(
            "使えるのは「{{ 変数名 }}」の形だけです。", "Only variables such as {{ business }} are possible."
        ),
        "unknown_variable": Text(
            "使えない変数が含まれています。変数の一覧をご確認ください。",
            "This text names a variable that does not exist here. Please check the list of variables.",
        ),
        "standard_text_missing": Text(
            "標準の本文（{{ standard }}）を入れてください。", "Please keep the standard text: {{ standard }}."
        ),
        "time_missing": Text(
            "件名に日時（{{ short }}）を入れてください。", "Please keep the date and time in the subject: {{ short }}."
        ),
        "not_a_mobile_number": Text(
            "日本の携帯電話番号（060・070・080・090）を入力してください。",
            "Please enter a mobile number in Japan (060, 070, 080 or 090).",
        ),
        "wrong_code": Text(
            "確認コードが正しくありません。SMSに届いた6桁の数字を入力してください。",
            "This code is not correct. Please enter the six digits of the SMS.",
        ),
        "not_confirmed_by_line": Text(
            "LINEでの確認ができませんでした。もう一度LINEでログインしてください。",
            "LINE did not confirm this login. Please log in with LINE again.",
        ),
        "unknown_push_service": Text(
            "このブラウザーへの通知には対応していません。", "Messages to this browser are not possible."
        ),
        "not_a_push_key": Text("ブラウザーの通知の登録をやり直してください。", "Please register this browser again."),
        "unknown_zone": Text(
            "タイムゾーンは「Asia/Tokyo」の形で指定してください。", "Please name a time zone such as Asia/Tokyo."
        ),
        "not_about_this_status": Text(
            "このお知らせは、現在の予約の状態に合わないため送信できません。",
            "This message does not fit the present state of the booking.",
        ),
        "was_never_sent": Text("このお知らせはまだ送信されていません。", "The customer has not had this message yet."),
        "has_no_address": Text(
            "お客様のメールアドレス、ログイン、電話番号のいずれもないため、送信できません。お越しの際に直接お伝えください。",
            "This customer has no e-mail address, no login and no phone number. Please let them know at their visit.",
        ),
        "has_phone_only": Text(
            "お客様にはメールアドレスもログインもないため、送信できません。予約に記載の電話番号にお電話のうえ、お伝えください。",
            "This customer has neither an e-mail address nor a login. Please call the phone number on the booking.",
        ),
        "not_a_picture": Text("公開中の写真をお選びください。", "Please choose a published picture."),
    },
    by_cause={
        ("gone", "code_expired"): Text(
            "確認コードの有効期限が切れたか、入力回数の上限に達しました。新しいコードをお申し込みください。",
            "This code has expired, or was entered too often. Please request a new one.",
        ),
    },
    states={
        "channel_off": Text("現在ご利用いただけません", "not available"),
        "channel_on": Text("利用可能", "available"),
        "friend": Text("友だち追加済み", "added as a friend"),
        "not_a_friend": Text("友だち未追加", "not added as a friend"),
        "bounced": Text("不達", "not delivered"),
        "delivered": Text("配信済み", "delivered"),
        "dropped": Text("送信見送り", "not sent"),
        "sent": Text("送信済み", "sent"),
    },
)
