"""Sentences of the pages behind the links of account e-mails, and of registering."""

from collections.abc import Mapping

from api.http.texts.text import Text

WORDS: Mapping[str, Text] = {
    "link_verify_title": Text("メールアドレスの確認", "Confirm your e-mail address"),
    "link_verify_say": Text(
        "下のボタンを押すと、メールアドレスの確認が完了します。",
        "Press the button below to confirm that this e-mail address is yours.",
    ),
    "link_verify_do": Text("メールアドレスを確認する", "Confirm e-mail address"),
    "link_verify_done_title": Text("メールアドレスを確認しました", "Your e-mail address is confirmed"),
    "link_verify_done": Text("ログインしてお進みください。", "Please log in to continue."),
    "link_verify_again": Text(
        "確認がまだ済んでいない場合は、新しいメールをお送りします。",
        "If your address is not confirmed yet, we will send you a new e-mail.",
    ),
    "link_reset_title": Text("新しいパスワードの設定", "Choose a new password"),
    "link_reset_do": Text("パスワードを設定する", "Save the new password"),
    "link_reset_ends": Text("すべての端末でログアウトされます。", "All devices will be logged out."),
    "link_reset_done_title": Text("パスワードを変更しました", "Your password is changed"),
    "link_reset_done": Text(
        "すべての端末からログアウトしました。新しいパスワードでログインしてください。",
        "All devices are logged out. Please log in with your new password.",
    ),
    "link_reset_again": Text(
        "パスワードを変更する場合は、新しいメールをお送りします。",
        "If you still want to change your password, we will send you a new e-mail.",
    ),
    "link_factor_title": Text("二段階認証のリセットの取り消し", "Cancel the reset of two-factor login"),
    "link_factor_say": Text(
        "リセットに心当たりがない場合は、下のボタンで取り消してください。二段階認証はそのまま続きます。",
        "If you did not ask for the reset, cancel it with the button below. Two-factor login stays on.",
    ),
    "link_factor_do": Text("リセットを取り消す", "Cancel the reset"),
    "link_factor_done_title": Text("リセットを取り消しました", "The reset is cancelled"),
    "link_factor_done": Text(
        "二段階認証は有効のままです。念のため、ログインしてパスワードを変更してください。",
        "Two-factor login stays on. To be safe, please log in and change your password.",
    ),
    "link_factor_again": Text(
        "リセットは、すでに取り消されたか、実行されています。ログインして二段階認証の状態をご確認ください。",
        "The reset may already be cancelled or done. Please log in and check whether two-factor login is on.",
    ),
    "link_join_title": Text("スタッフへの招待", "Invitation to a team"),
    "link_join_say": Text(
        "招待メールが届いたメールアドレスのアカウントで承諾してください。",
        "Please accept with the account of the e-mail address that was invited.",
    ),
    "link_join_do": Text("招待を承諾する", "Accept the invitation"),
    "link_join_as": Text("{email}でログインしています。", "You are logged in as {email}."),
    "link_join_other": Text("別のアカウントでログインする", "Log in with another account"),
    "link_join_log_in": Text("ログインして承諾する", "Log in to accept"),
    "link_join_register": Text("アカウントを登録する", "Register an account"),
    "link_join_again": Text(
        "承諾済みの場合は、管理画面を開いてください。そうでない場合は、店舗に招待の再送を依頼してください。",
        "If you have accepted it, open the dashboard. If not, please ask the business to send the invitation again.",
    ),
    "link_file_title": Text("個人データのダウンロード", "Download your personal data"),
    "link_file_say": Text(
        "個人データが含まれています。ご自身の端末でダウンロードしてください。",
        "The file contains personal data. Please download it on a device of your own.",
    ),
    "link_file_do": Text("データをダウンロードする", "Download my data"),
    "link_file_again": Text(
        "ログインすると、データの写しをもう一度依頼できます。", "Log in to ask for a new copy of your data."
    ),
    "link_ended_title": Text("このリンクは使えません", "This link does not work"),
    "link_wrong": Text(
        "リンクが正しくありません。メールのリンクをもう一度開いてください。",
        "This link is not valid. Please open the link in the e-mail again.",
    ),
    "ask_verify_title": Text("確認メールの再送", "Send the confirmation e-mail again"),
    "ask_verify_say": Text(
        "登録したメールアドレスを入力してください。確認用のリンクをお送りします。",
        "Enter the address that you registered. We will send you a link to confirm it.",
    ),
    "ask_verify_do": Text("確認メールを送る", "Send the e-mail"),
    "ask_reset_title": Text("パスワードを忘れた場合", "Forgotten password"),
    "ask_reset_say": Text(
        "登録したメールアドレスを入力してください。パスワードを設定し直すリンクをお送りします。",
        "Enter the address of your account. We will send you a link to choose a new password.",
    ),
    "ask_reset_do": Text("リンクを送る", "Send the link"),
    "mail_sent_title": Text("メールをご確認ください", "Please check your e-mail"),
    "mail_sent": Text(
        "このメールアドレスのアカウントで手続きが必要な場合は、メールをお送りしました。メールのリンクを開いてください。",
        "If an account with this address needs it, we have sent an e-mail. Please open the link in it.",
    ),
    "mail_missing": Text(
        "届かない場合は、迷惑メールのフォルダーと、入力したアドレスをご確認ください。",
        "If it does not arrive, please check your spam folder and the address that you entered.",
    ),
    "register_title": Text("アカウントの登録", "Register an account"),
    "register_do": Text("アカウントを登録する", "Register"),
    "register_sent": Text(
        "アカウントを登録しました。メールのボタンから、メールアドレスを確認してください。",
        "Your account is registered. Please confirm your address with the button in the e-mail.",
    ),
    "password_hint": Text(
        "{least}文字以上で、英字の大文字と小文字、数字、記号をすべて使ってください。",
        "At least {least} characters, with upper and lower case letters, a digit and a symbol.",
    ),
    "has_login": Text("アカウントをお持ちの方はログイン", "Log in if you have an account"),
    "way_verify": Text("確認メールをもう一度受け取る", "Get a new confirmation e-mail"),
    "way_forgot": Text("パスワードを忘れた場合", "Forgotten password?"),
    "way_profile": Text("プロフィールへ", "Go to your profile"),
    "way_data": Text("個人データのページへ", "Go to your personal data"),
    "way_link": Text("リンクのページへ戻る", "Go back to the page of the link"),
}
