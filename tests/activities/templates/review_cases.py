"""Messages about reviews."""

from domain.messages.kinds import NoticeKind
from tests.activities.templates.making import case, owner

K = NoticeKind

CUSTOMER = (
    case("review_requested", K.REVIEW_REQUESTED, "口コミ", "review", booking_status="completed"),
    case("review_replied", K.REVIEW_REPLIED, "が返信しました", "has replied", booking_status="completed"),
    case(
        "review_published",
        K.REVIEW_DECIDED,
        "公開しました",
        "now public",
        {"outcome": "published", "cause": ""},
        booking_status="completed",
    ),
    case(
        "review_hidden",
        K.REVIEW_DECIDED,
        ("非公開に", "理由：個人を特定できる情報"),
        ("hidden it", "Reason: It contains personal data"),
        {"outcome": "hidden", "cause": "personal_data"},
        booking_status="completed",
    ),
    case(
        "review_rejected",
        K.REVIEW_DECIDED,
        "掲載を見送らせて",
        "will not publish it",
        {"outcome": "rejected", "cause": "advertising"},
        booking_status="completed",
    ),
)

BUSINESS = (
    owner("review_posted", K.REVIEW_POSTED, "1〜3日後に公開", "in one to three days", booking_status="completed"),
    *(
        owner(f"review_{outcome}", K.REVIEW_DECIDED, ja, en, {"outcome": outcome, "cause": ""})
        for outcome, ja, en in (
            ("kept", "そのまま公開", "stays public"),
            ("published", "口コミを公開しました", "have published it"),
            ("hidden", "非公開にしました", "have hidden it"),
            ("rejected", "掲載を見送りました", "will not publish it"),
            ("closed", "期限までに", "not checked in time"),
        )
    ),
)
