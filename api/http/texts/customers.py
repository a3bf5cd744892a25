"""Sentences about the records of customers: error codes, rules and states."""

from api.http.texts.text import Meaning, Text, Texts

TEXTS = Texts(
    meanings={
        "customers_have_two_logins": Meaning(
            409,
            "どちらのお客様にもログインがあるため、統合できません。",
            "Both customers have a login of their own, so they cannot be merged.",
        ),
        "unmerge_refused": Meaning(409, "この統合は元に戻せません。", "This merge can no longer be undone."),
    },
    by_cause={
        ("unmerge_refused", "too_late"): Text(
            "統合から30日が過ぎたため、元に戻せません。", "A merge can be undone for 30 days, which have passed."
        ),
        ("unmerge_refused", "merged_again"): Text(
            "統合先のお客様は、その後さらに統合されたか、削除されています。先にそちらを元に戻してください。",
            "The customer that was kept has been merged again or deleted. Please undo that first.",
        ),
    },
    rules={
        "another_customer": Text("別のお客様を選んでください。", "Please choose another customer."),
        "encoding": Text(
            "文字コードを判別できません。UTF-8かShift JISで保存してください。",
            "The characters cannot be read. Please save the file as UTF-8 or Shift JIS.",
        ),
        "no_name_column": Text("お客様名の列を選んでください。", "Please choose the column with the names."),
        "no_rows": Text("ファイルにお客様が見つかりません。", "There are no customers in the file."),
        "no_such_column": Text("この名前の列はファイルにありません。", "The file has no column of this name."),
        "too_many_rows": Text(
            "1つのファイルで取り込めるのは2万行、100列までです。", "A file may have 20,000 rows and 100 columns."
        ),
        "kana": Text("ひらがなかカタカナで入力してください。", "Please use hiragana or katakana."),
        "no_order_with_search": Text(
            "検索結果はフリガナ順に並べられません。",
            "What a search finds cannot be sorted by the reading of the name.",
        ),
        "past": Text("今日以前の日付を入力してください。", "Please enter a day that has passed."),
    },
)
