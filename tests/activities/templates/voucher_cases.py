"""Messages about payments at convenience stores, and refunds of them."""

from domain.messages.kinds import NoticeKind
from tests.activities.templates.making import case as _case

K = NoticeKind
_BY_VOUCHER = {"booking_status": "pending", "captured": 0, "by_voucher": True}
_VOUCHER = {
    "amount": 5000,
    "pay_until": "2026-11-20T14:59:59+00:00",
    "codes": [["familymart", "123456", "12345678901"], ["lawson", "654321", None]],
}

CUSTOMER = (
    _case(
        "voucher",
        K.PAYMENT_VOUCHER,
        ("11月20日（金）23:59までに", "ファミリーマート：お支払い番号 123456／確認番号 12345678901", "ご予約が確定"),
        ("by Fri 20 Nov, 23:59", "FamilyMart: payment code 123456, confirmation number 12345678901", "is confirmed"),
        _VOUCHER,
        **_BY_VOUCHER,
    ),
    _case(
        "voucher_to_approve",
        K.PAYMENT_VOUCHER,
        "ご予約の可否",
        "whether it can accept",
        _VOUCHER,
        **_BY_VOUCHER,
        needs_approval=True,
    ),
    _case(
        "voucher_ending",
        K.PAYMENT_VOUCHER_ENDING,
        ("期限は11月20日（金）23:59です", "ローソン：お支払い番号 654321"),
        ("until Fri 20 Nov, 23:59", "Lawson: payment code 654321"),
        _VOUCHER,
        **_BY_VOUCHER,
    ),
    _case(
        "voucher_expired",
        K.BOOKING_EXPIRED,
        "コンビニ払いの番号は、もうご利用いただけません",
        "can no longer be used",
        **{**_BY_VOUCHER, "booking_status": "expired"},
    ),
    _case(
        "refund_account",
        K.REFUND_ACCOUNT,
        ("1月4日（月）12:00までに振込先", "5,000円をご返金"),
        ("by Mon 4 Jan, 12:00", "refund ¥5,000"),
        {"amount": 5000, "answer_by": "2027-01-04T03:00:00+00:00"},
        booking_status="cancelled",
        by_voucher=True,
    ),
    _case(
        "refunded_to_account",
        K.PAYMENT_REFUNDED,
        "銀行口座にお振り込み",
        "the bank account that you named",
        {"amount": 5000},
        booking_status="cancelled",
        by_voucher=True,
    ),
)
