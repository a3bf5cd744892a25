"""Sentences about verification: error codes, rules and states."""

from api.http.texts.text import Meaning, Text, Texts

TEXTS = Texts(
    meanings={
        "verification_incomplete": Meaning(
            422,
            "審査のお申し込みに必要な項目が不足しています。内容をご確認ください。",
            "Some of what is needed for the application is missing. Please add it.",
        ),
    },
    with_values={
        "verification_incomplete": Text(
            "審査のお申し込みに必要な項目が不足しています：{missing}", "Before you can apply, please add: {missing}"
        ),
    },
    rules={
        "too_many_documents": Text(
            "提出できる書類の数が上限に達しました。不要な書類を取り下げてから、もう一度お試しください。",
            "You have reached the limit of documents. Please withdraw one that is not needed and try again.",
        ),
        "document_space_used": Text(
            "書類の合計サイズが上限に達しました。不要な書類を取り下げてから、もう一度お試しください。",
            "Your documents use all of their storage space. Please withdraw one that is not needed and try again.",
        ),
        "changed_since_seen": Text(
            "ご確認後に内容が変更されました。もう一度ご確認ください。",
            "It has changed since you looked at it. Look at it again.",
        ),
    },
    states={
        "accepted": Text("承諾済み", "accepted"),
        "closed": Text("終了", "closed"),
        "info_requested": Text("追加情報の確認中", "waiting for information"),
        "received": Text("受領済み", "received"),
        "refused": Text("不受理", "not accepted"),
        "waiting": Text("待機中", "waiting"),
    },
    missing={
        "name": Text("店舗名", "name"),
        "postal_code": Text("郵便番号", "postal code"),
        "prefecture": Text("都道府県", "prefecture"),
        "city": Text("市区町村", "city"),
        "address": Text("番地", "street address"),
        "phone": Text("電話番号", "phone"),
        "hours": Text("営業時間", "opening hours"),
        "active_service": Text("公開中のメニュー", "an active service"),
        "legal_notice": Text("特定商取引法に基づく表記", "legal notice"),
        "owner_email_verified": Text("メールアドレスの確認", "confirmed e-mail address"),
        "document.registration": Text("登記事項証明書または開業届", "company registration"),
        "document.identity": Text("本人確認書類", "identity document"),
        "document.permit": Text("営業許可証や確認証", "business permit"),
    },
)
