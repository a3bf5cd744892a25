"""Sentences about figures: error codes, rules and states."""

from api.http.texts.text import Text, Texts

TEXTS = Texts(
    rules={
        "too_many_days": Text("期間が長すぎます。", "This range has too many days."),
        "too_far": Text("この日付は指定できません。", "This date is not possible."),
    },
)
