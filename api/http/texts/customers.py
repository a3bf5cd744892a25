"""Sentences about the records of customers: error codes, rules and states."""

from api.http.texts.text import Text, Texts

TEXTS = Texts(
    rules={
        "kana": Text("ひらがなかカタカナで入力してください。", "Please use hiragana or katakana."),
        "past": Text("今日以前の日付を入力してください。", "Please enter a day that has passed."),
    },
)
