"""Sentences about messages: error codes, rules and states."""

from api.http.texts.text import Text, Texts

TEXTS = Texts(
    states={
        "bounced": Text("不達", "not delivered"),
        "delivered": Text("配信済み", "delivered"),
        "dropped": Text("送信見送り", "not sent"),
        "sent": Text("送信済み", "sent"),
    },
)
