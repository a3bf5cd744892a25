"""Sentences about payments: error codes, rules and states."""

from api.http.texts.text import Meaning, Text, Texts

TEXTS = Texts(
    meanings={
        "amount_refused": Meaning(
            422, "この金額は指定できません。金額をご確認ください。", "This amount is not possible. Please check it."
        ),
        "payment_declined": Meaning(
            422,
            "このカードではお支払いいただけませんでした。別のカードをお試しいただくか、カード会社にお問い合わせください。",
            "Your card was declined. Please try another card or contact your card company.",
        ),
    },
    with_values={
        "amount_refused": Text(
            "金額は{available}以内で入力してください。", "Please enter an amount of at most {available}."
        ),
    },
    by_cause={
        ("payment_declined", "insufficient_funds"): Text(
            "ご利用可能額を超えているようです。別のカードをお試しください。",
            "The card limit seems to be reached. Please try another card.",
        ),
        ("payment_declined", "card_velocity_exceeded"): Text(
            "ご利用可能額を超えているようです。別のカードをお試しください。",
            "The card limit seems to be reached. Please try another card.",
        ),
        ("payment_declined", "expired_card"): Text(
            "カードの有効期限が切れています。別のカードをお試しください。",
            "The card has expired. Please try another card.",
        ),
        ("payment_declined", "incorrect_cvc"): Text(
            "セキュリティコードが正しくありません。もう一度入力してください。",
            "The security code is wrong. Please enter it again.",
        ),
        ("payment_declined", "processing_error"): Text(
            "一時的に処理できませんでした。もう一度お試しください。",
            "The card could not be processed. Please try again.",
        ),
        ("payment_declined", "authentication_required"): Text(
            "本人認証（3Dセキュア）が必要です。もう一度お手続きください。",
            "Your bank asks you to confirm the payment (3-D Secure). Please try again.",
        ),
    },
    rules={
        "no_action_to_run": Text(
            "自動では処理できません。双方の内容をご確認ください。",
            "This cannot be done automatically. Please look at both sides.",
        ),
        "all_secrets_needed": Text(
            "保存された鍵を読み取れません。3つの項目すべてをもう一度入力してください。",
            "The stored keys cannot be read any more. Please enter all three again.",
        ),
        "secret_characters": Text(
            "空白や全角文字を含めずに、そのまま貼り付けてください。",
            "Please paste it as it is, without blanks and only with ASCII characters.",
        ),
        "nothing_due": Text("オンラインでのお支払いは必要ありません。", "There is nothing to pay online."),
        "checkout_not_offered": Text(
            "このご予約では、決済会社のお支払いページをご利用いただけません。予約の画面からお支払いください。",
            "This booking cannot be paid on the payment company's page. Please pay from your booking.",
        ),
        "payment_form_open": Text(
            "お支払いの手続きが始まっています。予約の画面からお支払いください。",
            "A payment has been started. Please pay from your booking.",
        ),
        "payment_page_open": Text(
            "別の画面でお支払いの手続きが始まっています。そちらの画面でお支払いいただくか、もう一度お試しください。",
            "The payment was started in another window. Please pay there, or try again.",
        ),
        "payment_on_its_way": Text(
            "お支払いを確認しています。しばらくしてから予約の画面をご確認ください。",
            "We are checking your payment. Please look at your booking again in a moment.",
        ),
        "konbini_not_offered": Text(
            "このご予約では、コンビニ払いをご利用いただけません。カードでお支払いください。",
            "This booking cannot be paid at a convenience store. Please pay by card.",
        ),
        "konbini_amount": Text(
            "この金額は、コンビニ払いをご利用いただけません（120円から30万円まで）。カードでお支払いください。",
            "This amount cannot be paid at a convenience store (¥120 to ¥300,000). Please pay by card.",
        ),
        "konbini_too_late": Text(
            "ご予約の日時が近いため、コンビニ払いをご利用いただけません。カードでお支払いください。",
            "The booking starts too soon for a payment at a convenience store. Please pay by card.",
        ),
        "konbini_email_needed": Text(
            "コンビニ払いには、メールアドレスが必要です。メールアドレスを入力してください。",
            "A payment at a convenience store needs an e-mail address. Please enter one.",
        ),
        "konbini_refused": Text(
            "コンビニ払いの番号を発行できませんでした。しばらくしてからもう一度お試しいただくか、カードでお支払いください。",
            "We could not get the numbers for the convenience store. Please try again later, or pay by card.",
        ),
        "evidence_by_hand": Text(
            "この決済サービスはAPIで証拠を受け付けません。ファイルを取得し、決済サービスの管理画面で提出してください。",
            "This provider takes no evidence by its API. Get the file and enter it in the provider's dashboard.",
        ),
        "evidence_refused": Text(
            "決済サービスが証拠を受け付けませんでした。証拠をダウンロードし、決済サービスの管理画面で提出してください。",
            "The provider did not take the evidence. Please download it and submit it in the provider's dashboard.",
        ),
        "evidence_not_gathered": Text(
            "証拠をまだ集めています。しばらくしてからもう一度お試しください。",
            "The evidence is still being gathered. Try again in a moment.",
        ),
        "evidence_deadline_over": Text(
            "証拠の提出期限が過ぎているか、期限がない異議申し立てです。",
            "The deadline for evidence has passed, or this dispute has none.",
        ),
        "provider_refused": Text(
            "決済会社で処理できませんでした。別のカードをお試しください。",
            "The payment company could not process this. Please try another card.",
        ),
        **dict.fromkeys(
            ("open_intent_first", "one_intent", "amount_mismatch"),
            Text(
                "お支払いの内容が変わりました。予約の画面からもう一度お手続きください。",
                "The payment has changed. Please start again from your booking.",
            ),
        ),
        "till_closed": Text(
            "本日のレジは締め済みです。レジを開け直してから記録してください。",
            "Your till of today is closed. Please open it again to record payments.",
        ),
        "movement_under_way": Text(
            "このお支払いは処理中です。完了してからもう一度お試しください。",
            "This payment is being processed. Please try again when that is done.",
        ),
        "money_waits_for_undo": Text(
            "直前の操作を取り消せる間は、お支払いを動かせません。",
            "The last step of the booking can still be undone; the money can be moved after that.",
        ),
        "one_receipt": Text(
            "領収書は、別の宛名で発行済みです。宛名を変えることはできません。",
            "The receipt has been issued for another recipient. It cannot be changed.",
        ),
        "nothing_to_correct": Text(
            "発行済みの領収書に、訂正する内容はありません。",
            "The issued receipt already says what is right. There is nothing to correct.",
        ),
        "credit_note_issued": Text(
            "返金明細書を発行済みのため、領収書を訂正できません。",
            "A credit note has been issued for this receipt, so it cannot be corrected.",
        ),
        "return_url_origin": Text(
            "お支払い後に戻るページのURLは、予約サイトまたはお店のウェブサイトのものを指定してください。",
            "The page to return to after payment must belong to the booking site or to the website of the business.",
        ),
    },
    states={
        "authorized": Text("カード確保済み", "held on the card"),
        "captured": Text("支払い済み", "paid"),
        "disputed": Text("異議申し立て中", "disputed"),
        "corrected": Text("訂正済み", "corrected"),
        "lost": Text("不成立", "lost"),
        "paid": Text("入金済み", "paid out"),
        "partially_refunded": Text("一部返金済み", "partly refunded"),
        "refunded": Text("返金済み", "refunded"),
        "requested": Text("受付済み", "requested"),
        "requires_payment": Text("支払い待ち", "waiting for payment"),
        "succeeded": Text("成功", "done"),
        "reversal": Text("訂正", "a correction"),
        "till_closed": Text("レジ締め済み", "closed"),
        "till_open": Text("レジ開設済み", "open"),
        "voided": Text("取り消し済み", "cancelled"),
        "won": Text("成立", "won"),
    },
)
