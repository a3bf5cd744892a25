"""Sentences about flags, rollouts and the attention list: error codes, rules and states."""

from api.http.texts.text import Text, Texts

TEXTS = Texts(
    rules={
        "rollout_under_way": Text(
            "段階公開が進行中です。先に終了してください。", "A rollout is in progress. Please end it first."
        ),
        "at_least_one_not_negative": Text(
            "0以上の値を1つ以上入力してください。", "Enter at least one value from zero."
        ),
        "must_grow_to_at_most_100_percent": Text(
            "割合は100%以内で、順に大きくしてください。", "The shares must grow, up to 100%."
        ),
        "watched_for_1_minute_to_30_days": Text(
            "1分から30日の間で指定してください。", "Choose from one minute to 30 days."
        ),
        "1_to_20": Text("1〜20個で指定してください。", "Choose 1 to 20."),
    },
    states={
        "done": Text("完了", "done"),
        "paused": Text("一時停止中", "paused"),
        "resolved": Text("対応済み", "resolved"),
        "running": Text("実行中", "running"),
        "stopped": Text("停止", "stopped"),
        "superseded": Text("置き換え済み", "replaced"),
    },
)
