"""Sentences about figures: error codes, rules and states."""

from api.http.texts.text import Text, Texts

TEXTS = Texts(
    rules={
        "too_many_days": Text(
            "一度に表示できるのは367日までです。期間を短くするか、ファイルを作成してください。",
            "A range has at most 367 days. Please choose a shorter one, or ask for a file.",
        ),
        "too_many_days_of_file": Text(
            "ファイルにできるのは3653日（約10年）までです。期間を短くしてください。",
            "A file has at most 3,653 days (ten years). Please choose a shorter range.",
        ),
        "too_many_exports": Text(
            "作成中のファイルの数が上限（3件）に達しました。作成が終わってから、もう一度お試しください。",
            "Three of your files are still being written. Please try again when one of them is ready.",
        ),
        "too_far": Text("この日付は指定できません。", "This date is not possible."),
    },
)
