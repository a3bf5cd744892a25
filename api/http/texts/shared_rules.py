"""Sentences of the rule words that several areas use. They are shown beside a field of a form, or replace the sentence
of the code where a rule is broken. The words of one area alone are in the module of that area."""

from collections.abc import Mapping

from api.http.texts.text import Text

#: About one field of a form.
_FIELDS: Mapping[str, Text] = {
    "email": Text("メールアドレスの形式が正しくありません。", "Please enter a valid e-mail address."),
    "phone": Text(
        "電話番号の形式が正しくありません（例：03-1234-5678）。",
        "Please enter a valid phone number (e.g. 03-1234-5678).",
    ),
    "website": Text("URLは https:// から入力してください。", "Please enter a web address (https://…)."),
    "after_start": Text("終了は開始より後にしてください。", "The end must be after the start."),
    "iana_zone": Text("タイムゾーンを選んでください。", "Please choose a time zone."),
    "unknown": Text(
        "選択した項目が見つかりません。画面を読み込み直してください。",
        "This choice no longer exists. Please reload the page.",
    ),
    "another_type": Text("ファイルの種類と内容が異なります。", "The file is of another type than it says."),
    "another_ending": Text(
        "ファイル名の拡張子と内容が異なります。", "The ending of the file's name does not fit its type."
    ),
    "positive": Text("0より大きい値を入力してください。", "Enter more than zero."),
    "not_empty": Text("1つ以上指定してください。", "Choose at least one."),
    "unique": Text("同じものは1回だけ指定してください。", "Choose each of them once."),
    "ja_or_en": Text("日本語か英語を入力してください。", "Please write it in Japanese or English."),
    "not_null": Text("この項目は空にできません。", "This cannot be empty."),
    "invisible": Text("文字を入力してください。", "Please enter a name that can be read."),
    "link": Text("URLは入力できません。", "Please enter a name without a web address."),
    "number_for_a_name": Text("番号ではなく、お名前を入力してください。", "Please enter a name, not a number."),
    "one_line": Text("改行は使えません。", "Use one line only."),
    "control_characters": Text("使えない文字が含まれています。", "It has characters that cannot be used."),
    "rfc3339_with_offset": Text("日時の形式が正しくありません。", "Please enter a valid date and time."),
    "date": Text("日付の形式が正しくありません。", "Please enter a valid date."),
    "year": Text("この年は指定できません。", "This year is not possible."),
    "empty": Text("ファイルが空です。", "The file is empty."),
    "one_file": Text("ファイルは1つだけ選んでください。", "Please choose one file only."),
    "extra_forbidden": Text("使えない項目が含まれています。", "This entry is not known."),
}

#: About a request that a program has put together; `malformed` alone has them.
_REQUEST = Text(
    "送信内容を読み取れませんでした。画面を読み込み直して、もう一度お試しください。",
    "We could not read the request. Please reload the page and try again.",
)
_UNREADABLE = (
    *("depth", "json", "duplicate_key", "number", "characters", "cut_off", "form", "shape", "whole_numbers"),
    *("cursor", "printable_1_to_255", "at_most_100"),
)

#: The checks of Pydantic that inputs meet most; the values are in the check itself.
_PYDANTIC: Mapping[str, Text] = {
    "missing": Text("入力してください。", "Please fill this in."),
    "string_too_long": Text("{max_length}文字以内で入力してください。", "Use at most {max_length} characters."),
    "string_too_short": Text("{min_length}文字以上で入力してください。", "Use at least {min_length} characters."),
    "too_long": Text("{max_length}件以内で指定してください。", "Choose at most {max_length}."),
    "too_short": Text("{min_length}件以上で指定してください。", "Choose at least {min_length}."),
    "greater_than": Text("{gt}より大きい値を入力してください。", "Enter more than {gt}."),
    "greater_than_equal": Text("{ge}以上の値を入力してください。", "Enter {ge} or more."),
    "less_than": Text("{lt}より小さい値を入力してください。", "Enter less than {lt}."),
    "less_than_equal": Text("{le}以下の値を入力してください。", "Enter {le} or less."),
    "literal_error": Text("選択肢から選んでください。", "Please choose one of the options."),
    "enum": Text("選択肢から選んでください。", "Please choose one of the options."),
}

#: The sentence for a check without a sentence of its own: a wrong type or form.
ANY_FIELD = Text("入力の形式が正しくありません。", "Please check this entry.")

RULES: Mapping[str, Text] = {**dict.fromkeys(_UNREADABLE, _REQUEST), **_PYDANTIC, **_FIELDS}
