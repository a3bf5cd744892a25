"""Sentences of the console's pages about disputes."""

from collections.abc import Mapping

from api.http.texts.text import Text

WORDS: Mapping[str, Text] = {
    "disputes": Text("異議申し立て", "Disputes"),
    "dispute_title": Text("異議申し立て {amount}", "Dispute of {amount}"),
    "dispute_open": Text("審査中", "Open"),
    "dispute_won": Text("支払いが認められました", "Won"),
    "dispute_lost": Text("お客様の申し立てが認められました", "Lost"),
    "dispute_back": Text("支払い", "Payment"),
    "dispute_say_unsent": Text(
        "カード会社がこの支払いに異議を申し立てています。期限までに証拠を提出してください。",
        "The customer's bank disputes this payment. Please submit the evidence by the deadline.",
    ),
    "dispute_say_sent": Text(
        "証拠を提出しました。カード会社の結果が出ると、ここに表示されます。",
        "The evidence has been submitted. The bank's decision will appear here.",
    ),
    "dispute_say_late": Text(
        "証拠の提出期限を過ぎました。カード会社の結果が出ると、ここに表示されます。",
        "The deadline for evidence has passed. The bank's decision will appear here.",
    ),
    "dispute_say_won": Text(
        "支払いが認められました。代金はお店に残ります。", "The bank decided for you. The money stays with you."
    ),
    "dispute_say_lost": Text(
        "お客様の申し立てが認められました。代金はお客様に返されます。",
        "The bank decided for the customer. The money goes back to the customer.",
    ),
    "dispute_say_by_hand": Text(
        "この決済会社では、証拠を決済会社の管理画面から提出します。下の証拠をダウンロードして、期限までに提出してください。",
        "This provider takes evidence in its own dashboard. Please download the evidence below and submit it there in"
        " time.",
    ),
    "dispute_say_owner": Text("証拠を提出できるのはオーナーです。", "The owner can submit the evidence."),
    "dispute_due": Text("証拠の提出期限", "Evidence due by"),
    "dispute_no_due": Text("決済会社は期限を示していません", "The provider does not name one"),
    "dispute_reason": Text("理由", "Reason"),
    "dispute_reason_fraudulent": Text("身に覚えのない請求", "The cardholder does not know the charge (fraudulent)"),
    "dispute_reason_unrecognized": Text("請求元に心当たりがない", "The cardholder does not recognise the charge"),
    "dispute_reason_duplicate": Text("二重の請求", "Charged twice"),
    "dispute_reason_product_not_received": Text("サービスを受けていない", "The service was not received"),
    "dispute_reason_product_unacceptable": Text("サービスが説明と違う", "The service was not as described"),
    "dispute_reason_credit_not_processed": Text("返金されていない", "A refund was not made"),
    "dispute_reason_subscription_canceled": Text("キャンセル後の請求", "Charged after a cancellation"),
    "dispute_reason_other": Text("その他（{code}）", "Other ({code})"),
    "dispute_fee": Text("決済会社の手数料", "Provider's fee"),
    "dispute_opened_at": Text("申し立て", "Opened"),
    "dispute_sent_at": Text("証拠の提出", "Evidence submitted"),
    "dispute_closed_at": Text("結果", "Decided"),
    "dispute_evidence": Text("証拠", "Evidence"),
    "dispute_gathering": Text(
        "証拠を集めています。少し後にもう一度開いてください。",
        "The evidence is being gathered. Please open this page again shortly.",
    ),
    "dispute_with_files": Text(
        "発行済みの領収書、キャンセル規定、お客様に送ったメッセージの一覧もPDFで一緒に提出します。",
        "The receipt (if issued), the cancellation policy and the list of messages to the customer go along as PDFs.",
    ),
    "dispute_what_is_sent": Text("提出する内容（英語）", "What is submitted (in English)"),
    "dispute_download": Text("証拠をダウンロードする", "Download the evidence"),
    "dispute_submit": Text("証拠を提出する", "Submit the evidence"),
    "dispute_final": Text("提出は一度だけで、取り消せません。", "You can submit it once. It cannot be undone."),
}
