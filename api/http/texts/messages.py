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
        "not_a_picture": Text("公開中の写真をお選びください。", "Please choose a published picture."),
    },
    states={
        "bounced": Text("不達", "not delivered"),
        "delivered": Text("配信済み", "delivered"),
        "dropped": Text("送信見送り", "not sent"),
        "sent": Text("送信済み", "sent"),
    },
)
