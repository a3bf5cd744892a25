"""Sentences about campaigns and automations: error codes, rules and states."""

from api.http.texts.text import Meaning, Text, Texts

TEXTS = Texts(
    meanings={
        "sender_incomplete": Meaning(
            422,
            "広告メールには、送信者の住所と問い合わせ先の記載が必要です。店舗情報に住所と、電話番号またはメールアドレスを入力してください。",
            "Advertising e-mails must show the sender's address and whom to ask. Please add the address and a phone "
            "number or an e-mail address to your business profile.",
        ),
    },
    rules={
        "automation_exists": Text(
            "この種類の自動メールはすでにあります。そちらを変更してください。",
            "There is an automatic message of this kind already. Please change that one.",
        ),
        "days_of_kind": Text("この日数は指定できません。", "This number of days is not possible here."),
        "in_the_past": Text("これからの日時を指定してください。", "Please choose a time that is still to come."),
        "no_service_of_kind": Text(
            "この種類ではメニューを指定できません。", "A service cannot be chosen for this kind."
        ),
        "no_text": Text("日本語か英語の本文を入力してください。", "Please write a text in Japanese or English."),
        "nobody_left": Text(
            "この条件に当てはまるお客様はいません。範囲を見直してください。",
            "No customer can meet these conditions. Please check the range.",
        ),
    },
    states={
        "scheduled": Text("配信予約済み", "scheduled"),
    },
    missing={
        "contact": Text("電話番号またはメールアドレス", "phone number or e-mail address"),
    },
)
