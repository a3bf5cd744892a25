"""Example data of messages: a salon, a customer, and what each kind speaks of."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from activities.templates.account_email import FORMS
from db.messages.campaign_emails import CampaignContent
from db.messages.notices import AccountEmailContent, AccountEmailLink, AgreedItem, NoticeContent
from domain.messages.kinds import AccountEmailKind, Audience, NoticeKind

#: When the messages are read: a Wednesday, noon in Tokyo. The visit is on Saturday.
NOW = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)
START = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)
BUSINESS_ID = UUID(int=2)
_HOUR = timedelta(hours=1)
_SALON = {"ja": "ヘアサロン花", "en": "Hair Salon Hana"}
_CUT = {"ja": "カット", "en": "Cut"}
_MOVED = {"old_start": "2026-11-20T01:30:00+00:00", "by_business": False}
_OFFER = _MOVED | {
    "decide_by": "2026-11-19T05:00:00+00:00",
    "alternatives": ["2026-11-21T05:00:00+00:00", "2026-11-22T01:30:00+00:00"],
}
_FEE = {"penalty": 2500, "refund": 2500, "release": 0, "by_business": False, "cause": "customer"}

_POLICY = {
    "tiers": [
        {"hours_before": 48, "penalty_percent": 0},
        {"hours_before": 24, "penalty_percent": 50},
        {"hours_before": 0, "penalty_percent": 100},
    ],
    "no_show_percent": 100,
}

#: Of a booking that is paid and was never moved.
_UNCHANGED: Mapping[str, Any] = {
    "kept_penalty_percent": 0,
    "kept_penalty_until": None,
    "cancelled_by": None,
    "cancellation_penalty": None,
    "captured": 5000,
    "refunded": 0,
    "authorized": 0,
    "by_voucher": False,
}

#: What a kind speaks of beyond the booking, and how the booking is then.
_VOUCHER = {
    "amount": 5000,
    "pay_until": "2026-11-20T14:59:59+00:00",
    "codes": [[store, "123456", "12345678901"] for store in ("familymart", "lawson", "ministop", "seicomart")],
}
FACTS: Mapping[NoticeKind, Mapping[str, Any]] = {
    NoticeKind.BOOKING_CHANGED: _MOVED,
    NoticeKind.BOOKING_CANCELLED: _FEE,
    NoticeKind.BOOKING_DECLINED: {"refund": 5000, "release": 0, "cause": "business"},
    NoticeKind.BOOKING_NO_SHOW: {"penalty": 5000, "charged": 5000},
    NoticeKind.PAYMENT_RECEIVED: {"amount": 5000},
    NoticeKind.PAYMENT_REFUNDED: {"amount": 5000},
    NoticeKind.PAYMENT_LATE: {"amount": 5000, "refund": 5000, "penalty": 0, "release": 0, "reinstated": False},
    NoticeKind.PAYMENT_VOUCHER: _VOUCHER,
    NoticeKind.PAYMENT_VOUCHER_ENDING: _VOUCHER,
    NoticeKind.REFUND_ACCOUNT: {"amount": 5000, "answer_by": "2027-01-05T05:00:00+00:00"},
    NoticeKind.REACCOMMODATION_OFFERED: _OFFER,
    NoticeKind.REACCOMMODATION_REMINDER: _OFFER,
    NoticeKind.REACCOMMODATION_DECIDED: _OFFER | {"outcome": "kept"},
    NoticeKind.REVIEW_DECIDED: {"outcome": "published", "cause": ""},
}
_VISITED = {"booking_status": "completed"}
_WAITS = {"booking_status": "pending", "captured": 0}
STATES: Mapping[NoticeKind, Mapping[str, Any]] = {
    NoticeKind.BOOKING_HELD: _WAITS,
    NoticeKind.BOOKING_PROOF: {**_WAITS, "amount_due": 0, "payment_mode": "at_venue"},
    NoticeKind.BOOKING_REQUESTED: {"booking_status": "pending", "needs_approval": True},
    NoticeKind.BOOKING_CANCELLED: {"booking_status": "cancelled", "cancelled_by": "customer"},
    NoticeKind.BOOKING_EXPIRED: {"booking_status": "expired", "captured": 0},
    NoticeKind.BOOKING_DECLINED: {"booking_status": "declined"},
    NoticeKind.BOOKING_COMPLETED: {"booking_status": "completed"},
    NoticeKind.BOOKING_NO_SHOW: {"booking_status": "no_show"},
    NoticeKind.PAYMENT_FAILED: _WAITS,
    NoticeKind.PAYMENT_LATE: {"booking_status": "cancelled"},
    NoticeKind.PAYMENT_VOUCHER: _WAITS | {"by_voucher": True},
    NoticeKind.PAYMENT_VOUCHER_ENDING: _WAITS | {"by_voucher": True},
    NoticeKind.REFUND_ACCOUNT: {"booking_status": "cancelled", "by_voucher": True},
    NoticeKind.REVIEW_POSTED: _VISITED,
    NoticeKind.REVIEW_REQUESTED: _VISITED,
    NoticeKind.REVIEW_REPLIED: _VISITED,
    NoticeKind.REVIEW_DECIDED: _VISITED,
}
#: Kinds of which the business gets its own message.
TO_BUSINESS = (
    *(NoticeKind.BOOKING_REQUESTED, NoticeKind.BOOKING_CONFIRMED, NoticeKind.BOOKING_CHANGED),
    *(NoticeKind.BOOKING_CANCELLED, NoticeKind.BOOKING_DECLINED, NoticeKind.REACCOMMODATION_DECIDED),
    *(NoticeKind.REVIEW_POSTED, NoticeKind.REVIEW_DECIDED),
)
TO_BUSINESS_ALONE = (NoticeKind.REVIEW_POSTED,)


def booking_message(kind: NoticeKind, language: str, audience: Audience, **look: Any) -> NoticeContent:
    """A message about a booking of a cut, paid online, with everything that can be known."""
    to_business, japanese = audience == "business", language == "ja"
    whole = NoticeContent(
        id=UUID(int=1),
        business_id=BUSINESS_ID,
        booking_id=UUID(int=3),
        kind=kind.value,
        channel="email",
        language=language,
        audience=audience,
        facts=FACTS.get(kind, {}),
        created_at=NOW,
        address="ai@example.com",
        family_name="佐藤" if japanese else "Sato",
        given_name="愛" if japanese else "Ai",
        **_place(language),
        code="A7C9DFHK",
        booking_status="confirmed",
        start_at=START,
        end_at=START + _HOUR,
        time_zone="Asia/Tokyo",
        party_size=2,
        price=5000,
        amount_due=5000,
        currency="JPY",
        payment_mode="prepay",
        needs_approval=False,
        policy=_POLICY,
        hold_expires_at=NOW + timedelta(minutes=10),
        approval_deadline=NOW + timedelta(hours=24),
        proof_deadline=NOW + timedelta(minutes=30),
        special_requests="静かな席" if japanese else "A quiet seat",
        version=1,
        **_UNCHANGED,
        customer_phone="+819012345678" if to_business else None,
        customer_email="ai@example.com" if to_business else None,
        customer_kana="さとう あい" if to_business else None,
        customer_visits=1 if to_business else 0,
        cancellation_reason=None,
        colour=None,
        has_logo=False,
        items=(AgreedItem(_CUT, START, START + _HOUR, 5000),),
        staff=({"ja": "美咲", "en": "Misaki"},),
    )
    return replace(whole, **{**STATES.get(kind, {}), **look})


def _place(language: str) -> dict[str, Any]:
    """The salon, and where it is."""
    return {
        "business_name": _SALON,
        "business_phone": "+81355500123",
        "phone_as_typed": "03-5550-0123",
        "business_email": "hello@salon-hana.example",
        "business_address": {"ja": "神宮前4丁目99-1 花ビル2階", "en": "2F Hana Bldg., 4-99-1 Jingumae"},
        "postal_code": "150-0001",
        "prefecture": "東京都",
        "city": "渋谷区" if language == "ja" else "Shibuya-ku",
        "latitude": 35.6676,
        "longitude": 139.7085,
    }


#: Times that messages about no booking may speak of.
_TIMES = {
    **{"until": "2026-11-18T13:00:00+09:00", "start_at": "2026-11-20T15:00:00+09:00"},
    **{"reset_at": "2026-11-19T12:00:00+09:00", "delete_at": "2026-12-18T12:00:00+09:00"},
    "decide_by": "2026-11-25T12:00:00+09:00",
}

CAMPAIGN = CampaignContent(
    is_test=False,
    texts={
        "ja": {"subject": "{{ business }}より夏のお知らせ", "body": "8月のヘッドスパを10%引きでご用意しました。"},
        "en": {"subject": "Summer at {{ business }}", "body": "The head spa is 10% off in August."},
    },
    address="ai@example.com",
    family_name="佐藤",
    given_name="愛",
    slug="hana",
    business_address={"ja": "神宮前4丁目99-1 花ビル2階", "en": "2F Hana Bldg., 4-99-1 Jingumae"},
    postal_code="150-0001",
    prefecture="東京都",
    city="渋谷区",
    phone="+81355500123",
    phone_as_typed="03-5550-0123",
    email="hello@hana.example",
    has_consented=True,
    is_over=False,
)


def account_message(kind: AccountEmailKind, language: str, **look: Any) -> AccountEmailContent:
    """A message that is not about a booking, with everything that can be known."""
    form = FORMS[kind]
    names_business = (
        form.about_business
        or form.from_business
        or kind in {AccountEmailKind.STAFF_INVITED, AccountEmailKind.STAFF_ENDED}
    )
    whole = AccountEmailContent(
        id=UUID(int=1),
        business_id=BUSINESS_ID if names_business else None,
        kind=kind.value,
        language=language,
        audience="user",
        facts=_TIMES,
        created_at=NOW,
        address="ai@example.com",
        family_name="佐藤" if language == "ja" else "Sato",
        given_name="愛" if language == "ja" else "Ai",
        business_name=_SALON if names_business else None,
        time_zone="Asia/Tokyo",
        user_agent="Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Mobile/15E148 Safari/604.1",
        ip="192.0.2.7",
        reason="許可証が読めません。" if language == "ja" else "The permit cannot be read.",
        service_name=_CUT if form.from_business else None,
        staff=({"ja": "花子", "en": "Hanako"},) if kind is AccountEmailKind.WAITLIST_OFFERED else (),
        colour=None,
        has_logo=False,
        link=AccountEmailLink(UUID(int=7), NOW + _HOUR, None, False) if form.opens else None,
        campaign=CAMPAIGN if kind is AccountEmailKind.CAMPAIGN_MESSAGE else None,
    )
    return replace(whole, **look)
