"""Messages about several bookings of a series."""

from domain.messages.kinds import NoticeKind
from tests.activities.templates.making import case as _case
from tests.activities.templates.making import owner as _owner

K = NoticeKind
_SERIES = {
    "series": [
        [
            f"019a0c5f-1c2d-7e30-9b5a-7d9e4f1a3c{day}",
            f"2026-11-{day}T05:00:00+00:00",
            f"2026-11-{day}T06:00:00+00:00",
        ]
        for day in (21, 28)
    ]
}
_MOVED_SERIES = {
    "old_start": "2026-11-20T01:30:00+00:00",
    "series": [
        [*one, 1, f"2026-11-{day}T01:30:00+00:00"] for one, day in zip(_SERIES["series"], (20, 27), strict=True)
    ],
}
_ENDED_SERIES = {"series": [[*one, 0, None] for one in _SERIES["series"]]}
_FEE = {"penalty": 2500, "refund": 2500, "release": 0, "by_business": False, "cause": "customer"}

CUSTOMER = (
    _case(
        "confirmed_series",
        K.BOOKING_CONFIRMED,
        ("全2回", "11月28日（土）14:00"),
        ("Your 2 bookings", "Sat 28 Nov, 14:00"),
        _SERIES,
    ),
    _case(
        "changed_series",
        K.BOOKING_CHANGED,
        ("繰り返しのご予約（2件）", "・11月20日（金）10:30 → 11月21日（土）14:00", "11月27日（金）10:30 →"),
        (
            "Your 2 bookings have been moved",
            "Fri 20 Nov, 10:30 → Sat 21 Nov, 14:00",
            "Fri 27 Nov, 10:30 →",
        ),
        _MOVED_SERIES | {"by_business": False},
    ),
    _case(
        "changed_series_by_business",
        K.BOOKING_CHANGED,
        "ヘアサロン花より",
        "Hair Salon Hana has moved 2 of your bookings",
        _MOVED_SERIES | {"by_business": True},
    ),
    _case(
        "cancelled_series",
        K.BOOKING_CANCELLED,
        (
            "繰り返しのご予約（2件）",
            "・11月21日（土）14:00",
            "・11月28日（土）14:00",
            "キャンセル料：2,500円",
        ),
        ("2 bookings of a series", "- Sat 21 Nov, 14:00", "- Sat 28 Nov, 14:00", "fee: ¥2,500"),
        _FEE | _ENDED_SERIES,
        booking_status="cancelled",
    ),
)

BUSINESS = (
    _owner("confirmed_series", K.BOOKING_CONFIRMED, "全2回", "A series of 2", _SERIES),
    _owner(
        "changed_series",
        K.BOOKING_CHANGED,
        ("繰り返しの予約（2件）", "11月27日（金）10:30 → 11月28日（土）14:00"),
        ("The times of 2 bookings", "Fri 27 Nov, 10:30 → Sat 28 Nov, 14:00"),
        _MOVED_SERIES,
    ),
    _owner(
        "cancelled_series",
        K.BOOKING_CANCELLED,
        "・11月28日（土）14:00",
        "- Sat 28 Nov, 14:00",
        _FEE | _ENDED_SERIES,
        booking_status="cancelled",
    ),
)
