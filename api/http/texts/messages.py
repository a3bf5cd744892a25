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
        "not_a_picture": Text("公開中の写真をお選びください。", "Please choose a published picture."),
    },
    states={
        "bounced": Text("不達", "not delivered"),
        "delivered": Text("配信済み", "delivered"),
        "dropped": Text("送信見送り", "not sent"),
        "sent": Text("送信済み", "sent"),
    },
)
