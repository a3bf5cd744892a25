"""Sentences about logins: error codes, rules and states."""

from api.http.texts.text import Meaning, Text, Texts

TEXTS = Texts(
    meanings={
        "invalid_credentials": Meaning(
            401,
            "メールアドレスまたはパスワードが正しくありません。入力内容をご確認ください。",
            "The e-mail address or password is not correct. Please check what you entered.",
        ),
        "invalid_link": Meaning(
            422,
            "リンクが正しくありません。メールのリンクをもう一度開いてください。",
            "This link is not valid. Please open the link in the e-mail again.",
        ),
        "invalid_code": Meaning(
            422,
            "確認コードが正しくないか、使用済みです。認証アプリに表示されている最新のコードを入力してください。",
            "This code is wrong or already used. Please enter the current code from your authenticator app.",
        ),
        "account_locked": Meaning(
            429,
            "ログインの失敗が続いたため、一時的にログインを停止しています。"
            "しばらくおいてお試しいただくか、パスワードを再設定してください。",
            "Login is paused after too many failed attempts. Please try again later, or reset your password.",
        ),
    },
    with_values={
        "account_locked": Text(
            "ログインの失敗が続いたため、一時的にログインを停止しています。"
            "{retry_after}ほどおいてお試しいただくか、パスワードを再設定してください。",
            "Login is paused after too many failed attempts. "
            "Please try again in {retry_after}, or reset your password.",
        ),
    },
    by_cause={
        ("gone", "link_used"): Text("このリンクは使用済みです。", "This link has already been used."),
        ("gone", "link_replaced"): Text(
            "新しいメールをお送りしています。最新のメールのリンクを開いてください。",
            "We have sent you a newer e-mail. Please use the link in that one.",
        ),
    },
    rules={
        "wrong_password": Text("現在のパスワードが正しくありません。", "The current password is not correct."),
        "not_the_current_password": Text(
            "現在と異なるパスワードを設定してください。", "Please choose a password that differs from the current one."
        ),
        "at_least_8_characters": Text("8文字以上で入力してください。", "Use at least 8 characters."),
        "upper_case_letter": Text("英大文字を1文字以上含めてください。", "Add an upper-case letter."),
        "lower_case_letter": Text("英小文字を1文字以上含めてください。", "Add a lower-case letter."),
        "digit": Text("数字を1文字以上含めてください。", "Add a digit."),
        "symbol": Text("記号を1文字以上含めてください。", "Add a symbol."),
        "not_the_email": Text("メールアドレスと同じものは使えません。", "It must not be your e-mail address."),
    },
    states={
        "disabled": Text("無効", "turned off"),
        "email_unverified": Text("メールアドレス未確認", "e-mail address not confirmed"),
        "enabled": Text("有効", "turned on"),
    },
)
