"""The words of receipts, in Japanese and English."""

from collections.abc import Mapping

Words = Mapping[str, str]

#: By ``ReceiptKind``: title and subtitle.
TITLES: Mapping[str, tuple[Words, Words]] = {
    "qualified_invoice": (
        {"ja": "領収書", "en": "Receipt"},
        {"ja": "（適格請求書）", "en": "Qualified invoice (適格請求書)"},
    ),
    "simplified_invoice": (
        {"ja": "領収書", "en": "Receipt"},
        {"ja": "（適格簡易請求書）", "en": "Simplified qualified invoice (適格簡易請求書)"},
    ),
    "receipt": ({"ja": "領収書", "en": "Receipt"}, {"ja": "", "en": ""}),
    "credit_note": (
        {"ja": "返金明細書", "en": "Credit note"},
        {"ja": "（適格返還請求書）", "en": "Qualified credit note (適格返還請求書)"},
    ),
    "refund_note": ({"ja": "返金明細書", "en": "Refund note"}, {"ja": "", "en": ""}),
}

#: By ``TaxCategory``.
CATEGORIES: Mapping[str, Words] = {
    "standard": {"ja": "標準税率", "en": "Standard rate"},
    "reduced": {"ja": "軽減税率", "en": "Reduced rate"},
    "exempt": {"ja": "非課税", "en": "Exempt"},
    "out_of_scope": {"ja": "課税対象外", "en": "Outside the scope of tax"},
}

#: By ``ReceiptRemark``.
REMARKS: Mapping[str, Words] = {
    "deposit": {
        "ja": "ご予約の代金の一部（内金）です。",
        "en": "This is a part of the price of the booking (deposit).",
    },
    "cancellation_fee": {"ja": "キャンセル料です。", "en": "This is a cancellation fee."},
}

WORDS: Mapping[str, Words] = {
    "number": {"ja": "番号", "en": "Number"},
    "issued_on": {"ja": "発行日", "en": "Issued on"},
    "supplied_on": {"ja": "取引年月日", "en": "Date of service"},
    "booking": {"ja": "予約番号", "en": "Booking number"},
    "refers_to": {"ja": "対象の領収書", "en": "For receipt"},
    "corrects": {"ja": "訂正前の領収書", "en": "Corrects receipt"},
    "total": {"ja": "合計（税込）", "en": "Total (tax included)"},
    "refunded": {"ja": "返金額（税込）", "en": "Refunded (tax included)"},
    "received": {"ja": "上記の金額を領収いたしました。", "en": "Received with thanks."},
    "item": {"ja": "内容", "en": "Description"},
    "rate": {"ja": "税率", "en": "Tax rate"},
    "amount": {"ja": "金額（税込）", "en": "Amount (tax included)"},
    "by_rate": {"ja": "税率ごとの合計", "en": "Totals per rate"},
    "amount_with_tax": {"ja": "金額（税込）", "en": "Amount (tax included)"},
    "tax": {"ja": "うち消費税", "en": "Tax included"},
    "fee": {"ja": "キャンセル料", "en": "Cancellation fee"},
    "reduced_note": {"ja": "※ 軽減税率の対象です。", "en": "※ Reduced tax rate."},
    "phone": {"ja": "電話", "en": "Phone"},
    "registration": {"ja": "登録番号", "en": "Registration number"},
}
