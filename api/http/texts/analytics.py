"""Sentences about figures: error codes, rules and states."""

from api.http.texts.text import Text, Texts

TEXTS = Texts(
    rules={
        "too_far": Text("この日付は指定できません。", "This date is not possible."),
    },
)
