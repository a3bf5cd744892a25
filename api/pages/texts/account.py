"""Sentences of the pages of a customer's own login."""

from collections.abc import Mapping

from api.http.texts.text import Text

WORDS: Mapping[str, Text] = {
    "account": Text("マイページ", "My account"),
    "log_in_own": Text("ログイン", "Log in"),
    "account_bookings": Text("ご予約", "Bookings"),
    "account_profile": Text("プロフィール", "Profile"),
    "account_messages": Text("お知らせの設定", "Messages"),
    "account_sessions": Text("ログイン中の端末", "Devices"),
    "account_data": Text("個人データ", "Personal data"),
    "account_coming": Text("これからのご予約", "Coming"),
    "account_past": Text("これまでのご予約", "Past"),
    "account_none": Text("ご予約はありません。", "There are no bookings."),
    "account_find": Text("お店を探す", "Find a business"),
    "push_title": Text("ブラウザーの通知", "Notifications in the browser"),
    "push_say": Text(
        "ご予約のお知らせを、このサイトを開いていないときもブラウザーに表示します。",
        "We can show messages about your bookings in your browser, even when this site is closed.",
    ),
    "push_do": Text("このブラウザーで通知を受け取る", "Get notifications in this browser"),
    "push_failed": Text(
        "通知を登録できませんでした。ブラウザーの設定で通知を許可して、もう一度お試しください。",
        "This browser could not be registered. Please allow notifications in its settings and try again.",
    ),
    "push_needs_script": Text(
        "通知の登録にはJavaScriptが必要です。お知らせはメールで届きます。",
        "Registering a browser needs JavaScript. Messages arrive by e-mail all the same.",
    ),
    "push_browser": Text("{at}に登録", "Registered {at}"),
    "push_remove": Text("このブラウザーへの通知を止める", "Stop notifications there"),
    "choices_say": Text(
        "お知らせごとに、受け取る方法をお選びください。", "Choose how you want to get each kind of message."
    ),
    "way_of_email": Text("メール", "E-mail"),
    "way_of_line": Text("LINE", "LINE"),
    "way_of_push": Text("ブラウザーの通知", "Browser"),
    "way_of_sms": Text("SMS", "SMS"),
    "choice_channel_in_app": Text("画面のお知らせ", "on screen"),
    "choice_channel_other": Text("その他", "otherwise"),
    "not_proven": Text("未確認", "not confirmed"),
    "send_proof": Text("確認メールをもう一度送る", "Send the confirmation e-mail again"),
    "password_change": Text("パスワードを変更する", "Change the password"),
    "password_now": Text("現在のパスワード", "Present password"),
    "password_new": Text("新しいパスワード", "New password"),
    "password_ends": Text("ほかの端末ではログアウトされます。", "Other devices are logged out."),
    "factor_on": Text("二段階認証は有効です。", "Two-factor login is on."),
    "factor_off": Text(
        "ログイン時に認証アプリの確認コードも使うと、より安全です。",
        "Your account is safer with a code of an authenticator app at each log-in.",
    ),
    "factor_new": Text("二段階認証を設定する", "Set up two-factor login"),
    "factor_on_do": Text("二段階認証を有効にする", "Switch two-factor login on"),
    "factor_off_do": Text("二段階認証を無効にする", "Switch two-factor login off"),
    "factor_scan": Text(
        "認証アプリでこのQRコードを読み取ってください。", "Scan this QR code with your authenticator app."
    ),
    "factor_code_alt": Text("認証アプリ用のQRコード", "QR code for the authenticator app"),
    "factor_secret": Text("読み取れない場合はこのキーを入力：", "If you cannot scan it, type this key:"),
    "factor_type": Text("アプリの6桁の確認コードを入力してください。", "Type the six digits that the app shows."),
    "codes_title": Text("リカバリーコード", "Recovery codes"),
    "codes_say": Text(
        "端末をなくしたときに、一つずつ一度だけ使えます。今だけ表示されます。安全な場所に保管してください。",
        "If you lose your device, each of these works once. They are shown only now. Please keep them in a safe place.",
    ),
    "codes_kept": Text("保管しました", "I have kept them"),
    "device_this": Text("この端末", "This device"),
    "device_unknown": Text("不明な端末", "Unknown device"),
    "device_used": Text("最後の利用：{at}", "Last used {at}"),
    "device_end": Text("ログアウトする", "Log out"),
    "device_end_all": Text("ほかのすべての端末でログアウトする", "Log out all other devices"),
    "export_title": Text("個人データの開示", "A copy of your data"),
    "export_say": Text(
        "お預かりしているデータをまとめます。できあがると、ダウンロードのリンクをメールでお送りします。",
        "We collect the data that we hold about you, and e-mail you a link when it is ready.",
    ),
    "export_do": Text("データの写しを依頼する", "Ask for a copy"),
    "export_queued": Text("準備中", "Being prepared"),
    "export_ready": Text("準備完了", "Ready"),
    "export_failed": Text("失敗", "Failed"),
    "export_expired": Text("期限切れ", "Expired"),
    "erase_title": Text("退会", "Close your account"),
    "erase_say": Text(
        "ログインと個人データを消去します。法律で保存が必要な支払いの記録は、その期間だけ残ります。元に戻せません。",
        "Your login and personal data are erased. Records of payments are kept as long as the law asks. "
        "This cannot be undone.",
    ),
    "erase_do": Text("退会してデータを消去する", "Close the account and erase my data"),
    "erased_title": Text("退会の手続きを受け付けました", "Your account is being closed"),
    "erased_say": Text(
        "詳しい日程をメールでお送りしました。ご利用ありがとうございました。",
        "We have sent you an e-mail with the dates. Thank you.",
    ),
}
