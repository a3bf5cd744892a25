"""Sentences about pictures and films: error codes, rules and states."""

from api.http.texts.text import Text, Texts

TEXTS = Texts(
    rules={
        "media_space_used": Text(
            "写真・動画の合計サイズが上限に達しました。不要なものを削除すると、30日後からまた登録できます。",
            "Your pictures and films use all of their storage. Thirty days after you remove some, you can add more.",
        ),
        "too_many_media": Text(
            "写真・動画の登録数が上限に達しました。不要なものを削除すると、30日後からまた登録できます。",
            "You have reached the limit of pictures and films. Thirty days after you remove some, you can add more.",
        ),
        "unknown_media": Text(
            "選択した項目が見つかりません。画面を読み込み直してください。",
            "This choice no longer exists. Please reload the page.",
        ),
        "each_once": Text("同じものは1回だけ指定してください。", "Choose each of them once."),
        "no_file": Text("ファイルを選んでください。", "Please choose a file."),
    },
)
