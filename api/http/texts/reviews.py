"""Sentences about reviews: error codes, rules and states."""

from api.http.texts.text import Text, Texts

TEXTS = Texts(
    by_cause={
        ("already_exists", "booking_id"): Text(
            "このご利用の口コミは、すでに投稿されています。", "A review of this visit has already been written."
        ),
    },
    rules={
        "real_name": Text(
            "ご本人と分からないよう、ご予約時のお名前を含まない表示名にしてください。",
            "Choose a name that does not contain the family name of the booking, so that nobody recognises you.",
        ),
        "review_is_moderated": Text(
            "運営者がこの口コミを確認しています。結果が出るまでお待ちください。",
            "This review is being checked. Please wait until it is decided.",
        ),
        "review_needs_a_completed_visit": Text(
            "口コミは、ご利用の後に投稿できます。", "You can write a review after your visit."
        ),
        "review_of_own_business": Text(
            "ご自身が働く店舗の口コミは投稿できません。", "You cannot review a business that you work for."
        ),
        "review_too_late": Text(
            "口コミの投稿と変更は、ご利用から90日以内に限られます。",
            "Reviews can be written and changed within 90 days of the visit.",
        ),
        "review_was_moderated": Text(
            "この口コミは、運営者がすでに確認しました。内容が変わらない限り、もう一度依頼することはできません。",
            "This review has already been checked. You can ask again only after its text has changed.",
        ),
    },
    states={
        "hidden": Text("非公開", "hidden"),
        "published": Text("公開中", "published"),
    },
)
