"""What each attention item is about and what to do: the short form of the table in docs/operations.md."""

from collections.abc import Mapping

from api.http.texts.text import Text

_BY_PROVIDER = Text(
    "決済サービスの管理画面で状態を確認し、そこで確定または取り消してください。",
    "Look the payment up at the provider, and capture or void it there.",
)
_REFUND = Text(
    "返金できませんでした。決済サービスで返金するか、振り込んでください。",
    "A refund failed. Refund at the provider, or transfer the amount.",
)
_UNKNOWN_MONEY = Text(
    "記録と合わない入金があります。該当する予約を探してください。",
    "There is money that our records do not expect. Find its booking.",
)
_CARD = Text(
    "カードの利用枠を確保できません。お客様に別のカードをお願いしています。",
    "The card can no longer be charged. The customer was asked for another card.",
)

WORDS: Mapping[str, Text] = {
    "attention_capture_failed": _BY_PROVIDER,
    "attention_movement_unsettled": _BY_PROVIDER,
    "attention_refund_failed": _REFUND,
    "attention_refund_unsettled": _REFUND,
    "attention_hold_unsettled": Text(
        "決済サービスの回答がありません。回答があるまで時間は確保されたままです。",
        "The provider has not answered. The time stays taken until it does.",
    ),
    "attention_authorization_lost": _CARD,
    "attention_authorize_failed": _CARD,
    "attention_card_missing": Text(
        "お客様から期限までに別のカードの登録がありませんでした。予約はそのままです。",
        "The customer gave no other card in time. The booking has not changed.",
    ),
    "attention_replaced_intent_captured": Text(
        "差し替え前の決済で代金が引き落とされました。決済サービスで返金してください。",
        "Money was taken on an authorization that had been replaced. Refund it at the provider.",
    ),
    "attention_refund_above_paid": Text(
        "返金額が支払い額を超えています。決済サービスの記録と比べてください。",
        "More was refunded than we know as paid. Compare with the provider.",
    ),
    "attention_event_refused": Text(
        "決済サービスの通知が記録と矛盾しています。両方を比べてください。",
        "An event of the provider contradicts our records. Compare both.",
    ),
    "attention_outcome_refused": Text(
        "決済サービスの結果が記録と矛盾するため、記録できませんでした。両方を比べてください。",
        "What the provider did contradicts our records and was not recorded. Compare both.",
    ),
    "attention_evidence_unsent": Text(
        "異議申し立てへの証拠を自動で送れませんでした。期限までに決済サービスの管理画面で提出してください。",
        "The evidence about a dispute could not be sent. Enter it at the provider before the deadline.",
    ),
    "attention_payout_difference": Text(
        "決済サービスからの入金額または内訳が記録と異なります。詳細の指示に従ってください。",
        "A payout to the bank, or a part of it, differs from our records. The details say what to do.",
    ),
    "attention_payment_named_elsewhere": Text(
        "事業者の決済アカウントから、別のアカウントの支払いについての通知が届きました。どちらに入金があるか確認してください。",
        "An account's event names a payment at another account. Look which of the two has the money.",
    ),
    "attention_visit_unattended": Text(
        "1か月間、来店の完了が記録されなかったため、自動で完了にしました。",
        "Nobody completed the visit for a month, so the system completed it.",
    ),
    "attention_amount_mismatch": _UNKNOWN_MONEY,
    "attention_unmatched_payment": _UNKNOWN_MONEY,
    "attention_dispute": Text(
        "お客様が請求に異議を申し立てています。期限までに決済サービスで回答してください。",
        "The customer disputes the charge. Answer at the provider in time.",
    ),
    "attention_export_stuck": Text(
        "個人データのファイルを作成または削除できません。ストレージを確認してください。",
        "The file of somebody's data cannot be written or deleted. Look at the storage.",
    ),
    "attention_archive_stuck": Text(
        "事業者の全データのファイルを作成または削除できません。ストレージを確認してください。",
        "The file with everything that a business owns cannot be written or deleted. Look at the storage.",
    ),
    "attention_analytics_export_stuck": Text(
        "分析データのファイルを作成または削除できません。ストレージを確認してください。",
        "A file with figures cannot be written or deleted. Look at the storage.",
    ),
    "attention_erasure_stuck": Text(
        "消去する方のファイルを削除できません。自動で再試行した後も残る場合は、手で削除してください。",
        "The files of somebody who is being erased cannot be deleted. Delete them by hand if the next try fails.",
    ),
    "attention_reconciliation_difference": Text(
        "決済が決済サービスの記録と異なります。詳細の指示に従ってください。",
        "A payment differs from what its provider says. The details say what to do.",
    ),
    "attention_reconciliation_failed": Text(
        "決済サービスとの照合ができませんでした。次の夜に再試行します。",
        "A provider could not be compared. The next night tries again.",
    ),
    "attention_maintenance_failed": Text(
        "定期保守の処理が1時間失敗しました。詳細の実行記録を確認してください。",
        "A step of the maintenance failed for an hour. The run in the details says why.",
    ),
    "attention_rebook": Text(
        "お店がこの予約を受けられません。お客様に連絡し、別の日時を案内してください。",
        "The business cannot keep this booking. Call the customer and offer another time.",
    ),
    "attention_outbox_stuck": Text(
        "送信待ちの処理が止まっています。詳細のエラーを確認してください。",
        "A command cannot be delivered. The error is in the details.",
    ),
    "attention_analytics_failed": Text(
        "集計の処理に失敗しました。analyticsワーカーのログを確認してください。",
        "The daily figures could not be computed. The log of the analytics worker has the error.",
    ),
    "attention_dispute_due": Text(
        "異議申し立ての回答期限が近づいています。決済サービスで回答してください。",
        "The deadline of a dispute is near. Answer at the provider.",
    ),
    "attention_command_failed": Text(
        "操作を実行できませんでした。詳細のエラーを確認し、解決してからもう一度操作してください。",
        "A command could not be carried out. The error is in the details. Solve it and give the command again.",
    ),
    "attention_rollout_stopped": Text(
        "機能の段階的な公開を停止し、元の割合に戻しました。詳細の理由を確認してください。",
        "The rollout of a feature was stopped, and its share is as before. The reason is in the details.",
    ),
    "attention_other": Text("詳細を確認してください。", "See the details."),
}
