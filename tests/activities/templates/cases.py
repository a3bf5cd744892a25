"""Messages as they are sent in real cases: which kind, to whom, with which facts. Both languages of each are tested."""

from datetime import UTC, datetime, timedelta

from domain.messages.kinds import NoticeKind
from tests.activities.templates import review_cases as reviews
from tests.activities.templates import series_cases as series
from tests.activities.templates import voucher_cases as vouchers
from tests.activities.templates.making import Case as Case
from tests.activities.templates.making import case as _case
from tests.activities.templates.making import owner as _owner

K = NoticeKind
NOW = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)  # Wed, 12:00 in Tokyo
START = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)  # Sat, 14:00 in Tokyo
_MOVED = {"old_start": "2026-11-20T01:30:00+00:00"}

_OFFER = _MOVED | {
    "decide_by": "2026-11-19T05:00:00+00:00",
    "alternatives": ["2026-11-21T05:00:00+00:00", "2026-11-22T01:30:00+00:00"],
}

_WAITS = {"booking_status": "pending", "captured": 0}
_CARD = {"payment_mode": "card_hold", "captured": 0, "authorized": 5000}
_LATE = {"amount": 5000, "refund": 5000, "penalty": 0, "release": 0, "reinstated": False}
_REQUEST = {"booking_status": "pending", "needs_approval": True}
_REQUEST_UNPAID = _REQUEST | {"captured": 0, "payment_mode": "at_venue", "amount_due": 0}


_FEE = {"penalty": 2500, "refund": 2500, "release": 0, "by_business": False, "cause": "customer"}
_NO_FEE = {"penalty": 0, "refund": 5000, "release": 0}

CUSTOMER = (
    *reviews.CUSTOMER,
    *vouchers.CUSTOMER,
    *series.CUSTOMER,
    _case("held", K.BOOKING_HELD, "11月18日（水）12:10まで", "until Wed 18 Nov, 12:10", **_WAITS),
    _case(
        "proof",
        K.BOOKING_PROOF,
        "11月18日（水）12:30まで",
        "by Wed 18 Nov, 12:30",
        **{**_WAITS, "amount_due": 0, "payment_mode": "at_venue"},
    ),
    _case(
        "held_provisional",
        K.BOOKING_HELD,
        ("11月18日（水）12:10まで仮予約", "ご予約を確定してください"),
        ("until Wed 18 Nov, 12:10", "confirm the booking"),
        **{**_WAITS, "amount_due": 0, "payment_mode": "at_venue"},
    ),
    _case("held_to_approve", K.BOOKING_HELD, "ご予約の可否", "whether it can accept", **_WAITS, needs_approval=True),
    _case(
        "requested",
        K.BOOKING_REQUESTED,
        ("11月19日（木）12:00までに", "5,000円をご返金"),
        ("by Thu 19 Nov, 12:00", "refund ¥5,000"),
        **_REQUEST,
    ),
    _case(
        "requested_move",
        K.BOOKING_REQUESTED,
        "変更前の日時（11月20日（金）10:30）の確保は終了しております",
        "your earlier time, Fri 20 Nov, 10:30, is no longer reserved",
        _MOVED | {"by_business": False},
        **_REQUEST,
    ),
    _case("requested_unpaid", K.BOOKING_REQUESTED, "確保して", "reserved for you", **_REQUEST_UNPAID),
    _case(
        "requested_on_card",
        K.BOOKING_REQUESTED,
        "（5,000円）を確保",
        "hold ¥5,000",
        **(_CARD | _REQUEST | {"captured": 0}),
    ),
    _case("confirmed", K.BOOKING_CONFIRMED, "お支払い（5,000円）", "your payment of ¥5,000"),
    _case("confirmed_on_card", K.BOOKING_CONFIRMED, "ご利用枠（5,000円）", "We hold ¥5,000 on your card", **_CARD),
    _case(
        "confirmed_at_venue",
        K.BOOKING_CONFIRMED,
        "当日のお支払い",
        "Pay at the venue",
        payment_mode="at_venue",
        amount_due=0,
        captured=0,
    ),
    _case(
        "reminder",
        K.BOOKING_REMINDER,
        "11月19日（木）14:00までは無料",
        "free until Thu 19 Nov, 14:00",
    ),
    _case(
        "reminder_with_fee",
        K.BOOKING_REMINDER,
        "2,500円のキャンセル料",
        "Cancelling now costs ¥2,500",
        start_at=NOW + timedelta(hours=36),
        end_at=NOW + timedelta(hours=37),
    ),
    _case(
        "changed",
        K.BOOKING_CHANGED,
        ("変更前：2026年11月20日（金）10:30", "ご予約の日時を変更いたしました"),
        ("Before: Fri 20 Nov 2026, 10:30", "Your booking has been moved"),
        _MOVED | {"by_business": False},
    ),
    _case(
        "changed_by_business",
        K.BOOKING_CHANGED,
        "ヘアサロン花より",
        "Hair Salon Hana has moved your booking",
        _MOVED | {"by_business": True},
    ),
    _case(
        "cancelled",
        K.BOOKING_CANCELLED,
        ("キャンセル料：2,500円", "ご返金額：2,500円"),
        ("Cancellation fee: ¥2,500", "Refund: ¥2,500"),
        _FEE,
        booking_status="cancelled",
    ),
    _case(
        "cancelled_card_released",
        K.BOOKING_CANCELLED,
        ("キャンセル料：なし", "ご利用枠（5,000円）の確保は解除"),
        ("Cancellation fee: none", "The ¥5,000 held on your card is released"),
        {"penalty": 0, "refund": 0, "release": 5000, "by_business": False, "cause": "customer"},
        booking_status="cancelled",
        payment_mode="card_hold",
        captured=0,
    ),
    _case(
        "cancelled_by_business",
        K.BOOKING_CANCELLED,
        ("申し訳ございません", "ヘアサロン花の都合", "ご返金額：5,000円"),
        ("We are sorry", "had to cancel your booking", "Refund: ¥5,000"),
        _NO_FEE | {"by_business": True, "cause": "business"},
        booking_status="cancelled",
    ),
    _case(
        "cancelled_without_answer",
        K.BOOKING_CANCELLED,
        "期限までにご返答を確認できなかった",
        "did not get an answer in time",
        _NO_FEE | {"by_business": True, "cause": "no_answer"},
        booking_status="cancelled",
    ),
    _case(
        "cancelled_after_an_offer",
        K.BOOKING_CANCELLED,
        "日時の変更をお願いすることになり",
        "we had to ask you for another time",
        _NO_FEE | {"by_business": True, "cause": "offer_declined"},
        booking_status="cancelled",
    ),
    _case(
        "expired",
        K.BOOKING_EXPIRED,
        "お支払いの期限を過ぎた",
        "did not receive your payment in time",
        booking_status="expired",
        captured=0,
    ),
    _case("declined", K.BOOKING_DECLINED, "ご返金額：5,000円", "Refund: ¥5,000", _NO_FEE, booking_status="declined"),
    _case(
        "declined_move",
        K.BOOKING_DECLINED,
        "変更前の日時（11月20日（金）10:30）も",
        "Your earlier time, Fri 20 Nov, 10:30, was released",
        _NO_FEE | _MOVED,
        booking_status="declined",
    ),
    _case(
        "declined_card_released",
        K.BOOKING_DECLINED,
        "ご利用枠（5,000円）の確保は解除",
        "The ¥5,000 held on your card is released",
        {"penalty": 0, "refund": 0, "release": 5000},
        booking_status="declined",
        payment_mode="card_hold",
        captured=0,
    ),
    _case(
        "completed",
        K.BOOKING_COMPLETED,
        "ありがとうございました",
        "Thank you for visiting",
        {"charge": 0},
        booking_status="completed",
    ),
    _case(
        "completed_on_card",
        K.BOOKING_COMPLETED,
        "ご利用料金（5,000円）",
        "We charge ¥5,000",
        {"charge": 5000},
        booking_status="completed",
        **_CARD,
    ),
    _case(
        "no_show",
        K.BOOKING_NO_SHOW,
        ("キャンセル料：5,000円", "03-5550-0123までお電話"),
        ("Cancellation fee: ¥5,000", "call +81 3-5550-0123"),
        {"penalty": 5000, "refund": 0, "release": 0},
        booking_status="no_show",
    ),
    _case(
        "no_show_waived",
        K.BOOKING_NO_SHOW,
        ("キャンセル料：なし", "ご返金額：5,000円"),
        ("Cancellation fee: none", "Refund: ¥5,000"),
        {"penalty": 0, "refund": 5000, "release": 0},
        booking_status="no_show",
    ),
    _case("reassigned", K.BOOKING_REASSIGNED, "新しい担当：美咲", "Your new staff member: Misaki"),
    _case("payment_received", K.PAYMENT_RECEIVED, "お支払い（5,000円）", "payment of ¥5,000", {"amount": 5000}),
    _case(
        "fee_charged",
        K.PAYMENT_RECEIVED,
        "キャンセル料（2,500円）",
        "a fee of ¥2,500 was charged",
        {"amount": 2500},
        booking_status="no_show",
        payment_mode="card_hold",
    ),
    _case(
        "payment_failed",
        K.PAYMENT_FAILED,
        ("お支払い（5,000円）を完了できません", "11月18日（水）12:10まで"),
        ("payment of ¥5,000 did not", "until Wed 18 Nov, 12:10"),
        {"amount": 5000},
        **_WAITS,
    ),
    _case(
        "payment_refunded",
        K.PAYMENT_REFUNDED,
        "2,500円のご返金",
        "refunded ¥2,500",
        {"amount": 2500},
        booking_status="cancelled",
    ),
    _case(
        "late_and_confirmed",
        K.PAYMENT_LATE,
        "ご予約を確定いたしました",
        "so your booking is confirmed",
        {"amount": 5000, "reinstated": True},
    ),
    _case(
        "late_and_expired",
        K.PAYMENT_LATE,
        ("お取りできません", "ご返金額：5,000円"),
        ("no longer available", "Refund: ¥5,000"),
        _LATE,
        booking_status="expired",
    ),
    _case(
        "late_and_cancelled",
        K.PAYMENT_LATE,
        ("すでに取り消されて", "ご返金額：5,000円"),
        ("had been cancelled", "Refund: ¥5,000"),
        _LATE,
        booking_status="cancelled",
    ),
    _case(
        "card_to_authenticate",
        K.PAYMENT_RENEW,
        ("11月20日（金）14:00までに、下のボタンから同じカード", "ご予約は取り消されます"),
        ("confirm it by Fri 20 Nov, 14:00", "your booking is cancelled"),
        {
            "amount": 5000,
            "reason": "authentication_required",
            "answer_by": "2026-11-20T05:00:00+00:00",
            "cancels": True,
        },
        **(_CARD | {"authorized": 0}),
    ),
    _case(
        "cancelled_without_card",
        K.BOOKING_CANCELLED,
        "期限までにカードを確認できなかったため",
        "We did not receive a card in time",
        {"penalty": 0, "refund": 0, "release": 0, "by_business": False, "cause": "card_missing"},
        booking_status="cancelled",
        **(_CARD | {"authorized": 0}),
    ),
    _case(
        "card_needed",
        K.PAYMENT_RENEW,
        ("ご利用枠（5,000円）", "11月20日（金）14:00までに", "ご予約はそのまま"),
        ("hold ¥5,000 on your card", "by Fri 20 Nov, 14:00", "has not changed"),
        {"amount": 5000, "answer_by": "2026-11-20T05:00:00+00:00"},
        **(_CARD | {"authorized": 0}),
    ),
    _case(
        "offered",
        K.REACCOMMODATION_OFFERED,
        ("11月19日（木）14:00までに", "・11月22日（日）10:30", "5,000円をご返金"),
        ("by Thu 19 Nov, 14:00", "- Sun 22 Nov, 10:30", "refund the ¥5,000"),
        _OFFER,
    ),
    _case(
        "offered_unpaid",
        K.REACCOMMODATION_OFFERED,
        "キャンセル料はかかりません",
        "There is no cancellation fee",
        _OFFER | {"alternatives": []},
        captured=0,
        payment_mode="at_venue",
        amount_due=0,
    ),
    _case("offered_again", K.REACCOMMODATION_REMINDER, "まだご返答をいただいて", "not heard from you yet", _OFFER),
    _case(
        "kept",
        K.REACCOMMODATION_DECIDED,
        "当初の日時のまま",
        "stays at the original time",
        _MOVED | {"outcome": "kept"},
    ),
)

BUSINESS = (
    *reviews.BUSINESS,
    *series.BUSINESS,
    _owner("requested", K.BOOKING_REQUESTED, "11月19日（木）12:00までに", "by Thu 19 Nov, 12:00", **_REQUEST),
    _owner(
        "requested_move",
        K.BOOKING_REQUESTED,
        ("変更前：2026年11月20日", "すでに確保されていません", "11月19日（木）12:00までに"),
        ("Before: Fri 20 Nov 2026", "no longer reserved", "by Thu 19 Nov, 12:00"),
        _MOVED | {"by_business": False},
        **_REQUEST,
    ),
    _owner("confirmed", K.BOOKING_CONFIRMED, "予約が確定しました", "A booking has been confirmed"),
    _owner("changed", K.BOOKING_CHANGED, "変更前：2026年11月20日（金）10:30", "Before: Fri 20 Nov 2026, 10:30", _MOVED),
    _owner(
        "cancelled",
        K.BOOKING_CANCELLED,
        ("お客様が予約を", "理由：急な出張のため", "キャンセル料：2,500円"),
        ("The customer cancelled", "Reason: 急な出張のため", "Cancellation fee: ¥2,500"),
        _FEE,
        booking_status="cancelled",
        cancellation_reason="急な出張のため",
    ),
    _owner(
        "declined",
        K.BOOKING_DECLINED,
        "返答の期限を過ぎたため",
        "time to answer this request has passed",
        _NO_FEE,
        booking_status="declined",
    ),
    _owner(
        "moved",
        K.REACCOMMODATION_DECIDED,
        "変更後：2026年11月21日",
        "Now: Sat 21 Nov 2026",
        _MOVED | {"outcome": "moved"},
    ),
    _owner(
        "not_moved",
        K.REACCOMMODATION_DECIDED,
        "キャンセルされました",
        "was cancelled",
        _MOVED | {"outcome": "cancelled"},
        booking_status="cancelled",
    ),
)

#: Kinds that are never sent to a customer, who has no text of them.
BUSINESS_ALONE = frozenset({K.REVIEW_POSTED})

CASES = (*CUSTOMER, *BUSINESS)
