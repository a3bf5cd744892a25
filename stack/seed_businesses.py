"""The businesses of the demo data: a hair salon in Jingumae and an izakaya in Dotonbori, both invented. The texts and
numbers are here; ``stack.seed`` writes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.businesses.profile import Vertical
from domain.catalogue.resource import ResourceKind
from domain.catalogue.service import ApprovalMode
from domain.payments.status import PaymentMode
from domain.scheduling.hours import MinuteRange, Ranges, WeeklyHours

_HOUR = 60
_MONDAY, _TUESDAY, _WEDNESDAY, _THURSDAY, _FRIDAY, _SATURDAY, _SUNDAY = range(7)


@dataclass(frozen=True, slots=True)
class DemoResource:
    """A resource; ``hours`` of its own, or the business's."""

    key: str
    kind: ResourceKind
    name: Mapping[str, str]
    hours: WeeklyHours | None = None


@dataclass(frozen=True, slots=True)
class DemoService:
    """A service; ``about`` are its columns, ``needs`` the keys of the resources of each requirement group."""

    about: Mapping[str, Any]
    needs: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class DemoBusiness:
    """A business with its week, settings, default policy, resources and services."""

    slug: str
    about: Mapping[str, Any]
    week: WeeklyHours
    policy: Mapping[str, Any]
    resources: tuple[DemoResource, ...]
    services: tuple[DemoService, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    colour: str | None = None


def _day(*hours: tuple[float, float]) -> Ranges:
    return tuple(MinuteRange(int(opens * _HOUR), int(closes * _HOUR)) for opens, closes in hours)


def _week(usual: Ranges, holiday: Ranges | None = None, **days: Ranges) -> WeeklyHours:
    """``usual`` on every day that is not named (``mon`` to ``sun``)."""
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    return WeeklyHours(tuple(days.get(name, usual) for name in names), holiday)


def _notice(
    seller: Mapping[str, str], who: Mapping[str, str], address: Mapping[str, str], hours: Mapping[str, str], email: str
) -> dict[str, str]:
    """特定商取引法に基づく表記, with the facts that the law requires from a seller by mail or online (法11条).

    ``hours``: the phone number and when it is answered.
    """
    return {
        "ja": f"販売業者：{seller['ja']}\n運営責任者：{who['ja']}\n所在地：{address['ja']}\n電話番号：{hours['ja']}\n"
        f"メールアドレス：{email}\n販売価格：各メニューに税込価格で表示しています\n"
        "販売価格以外の費用：なし（インターネット接続料はお客様のご負担です）\n"
        "支払方法：クレジットカード（オンライン決済）、お店でのお支払い\n"
        "支払時期：オンライン決済は予約時。予約金のあるメニューは予約金を予約時に、残額を当日お店で。"
        "カードのご利用枠を確保するメニューは、ご利用後に確定\n"
        "サービスの提供時期：ご予約の日時\n"
        "キャンセル・変更・返金：予約メールのリンクからお手続きいただけます。"
        "キャンセル料は、予約時に表示するキャンセル規定によります。お店の都合によるキャンセルは全額返金します",
        "en": f"Seller: {seller['en']}\nResponsible: {who['en']}\nAddress: {address['en']}\nPhone: {hours['en']}\n"
        f"E-mail: {email}\nPrices: shown with each service, tax included\n"
        "Other costs: none (you pay for your own internet connection)\n"
        "Payment: credit card (online), or at the venue\n"
        "When to pay: online payments when you book. Deposits when you book, the rest at the venue. Amounts held on a"
        " card are charged after your visit\n"
        "Provided: at the time of the booking\n"
        "Cancellation, changes and refunds: with the link in your booking e-mail. Fees follow the cancellation policy"
        " shown when you book. If we have to cancel, you get everything back",
    }


_SALON_WEEK = _week(_day((10, 20)), holiday=_day((10, 18)), tue=(), sat=_day((9, 19)), sun=_day((9, 18)))
_ALL_STYLISTS = ("misaki", "yuto", "ayaka")

SALON = DemoBusiness(
    colour="#7a3457",
    slug="salon-hana",
    about={
        "vertical": Vertical.SALON,
        "name": {"ja": "ヘアサロン花", "en": "Hair Salon Hana"},
        "description": {
            "ja": "表参道駅から徒歩6分、全3席の小さなヘアサロンです。髪質に合わせたカットとヘッドスパで、"
            "ゆったりとしたひとときをお過ごしください。",
            "en": "A small salon with three chairs, six minutes from Omotesando station. Cuts that suit your hair, and"
            " a head spa to unwind.",
        },
        "address": {"ja": "神宮前4丁目99-1 花ビル2階", "en": "2F Hana Bldg., 4-99-1 Jingumae"},
        "postal_code": "150-0001",
        "prefecture": "東京都",
        "city": "渋谷区",
        "phone": "+81355500123",
        "phone_as_typed": "03-5550-0123",
        "email": "hello@salon-hana.example",
        "website": "https://salon-hana.example",
        "latitude": 35.6676,
        "longitude": 139.7085,
        "invoice_number": "T7123456789012",
        "legal_notice": _notice(
            {"ja": "株式会社サロン花（見本）", "en": "Salon Hana Inc. (an example)"},
            {"ja": "山本 花", "en": "Hana Yamamoto"},
            {"ja": "東京都渋谷区神宮前4丁目99-1 花ビル2階", "en": "2F Hana Bldg., 4-99-1 Jingumae, Shibuya-ku, Tokyo"},
            {
                "ja": "03-5550-0123（受付 10:00〜20:00、火曜定休）",
                "en": "+81 3-5550-0123 (10:00–20:00, closed on Tuesdays)",
            },
            "hello@salon-hana.example",
        ),
    },
    week=_SALON_WEEK,
    settings={"slot_interval_minutes": 30},
    policy={
        "name": {"ja": "標準（2日前まで無料）", "en": "Standard (free until two days before)"},
        "tiers": [
            {"hours_before": 48, "penalty_percent": 0},
            {"hours_before": 24, "penalty_percent": 50},
            {"hours_before": 0, "penalty_percent": 100},
        ],
        "no_show_percent": 100,
        "is_default": True,
    },
    resources=(
        DemoResource("misaki", ResourceKind.STAFF, {"ja": "佐藤 美咲", "en": "Misaki Sato"}),
        DemoResource(
            "yuto",
            ResourceKind.STAFF,
            {"ja": "鈴木 悠斗", "en": "Yuto Suzuki"},
            _week(_day((10, 14), (15, 20)), tue=(), wed=(), sat=_day((9, 13), (14, 19)), sun=_day((9, 13), (14, 18))),
        ),
        # Works on weekdays, and not on public holidays.
        DemoResource(
            "ayaka",
            ResourceKind.STAFF,
            {"ja": "高橋 彩花", "en": "Ayaka Takahashi"},
            _week(_day((10, 16)), holiday=(), tue=(), sat=(), sun=()),
        ),
        DemoResource("spa", ResourceKind.EQUIPMENT, {"ja": "ヘッドスパシート", "en": "Head spa chair"}),
    ),
    services=(
        DemoService(
            {
                "name": {"ja": "カット", "en": "Cut"},
                "description": {
                    "ja": "カウンセリング・シャンプー・ブロー込みです。",
                    "en": "With consultation, shampoo and blow-dry.",
                },
                "category": {"ja": "カット", "en": "Cuts"},
                "price": 6600,
                "duration_minutes": 60,
                "payment_mode": PaymentMode.PREPAY,
            },
            (_ALL_STYLISTS,),
        ),
        DemoService(
            {
                "name": {"ja": "カット＋カラー", "en": "Cut and colour"},
                "description": {"ja": "リタッチからフルカラーまで承ります。", "en": "From roots to full colour."},
                "category": {"ja": "カラー", "en": "Colour"},
                "price": 14300,
                "duration_minutes": 120,
                "buffer_after_minutes": 10,
                "payment_mode": PaymentMode.DEPOSIT,
                "deposit_percent": 30,
            },
            (("misaki", "yuto"),),
        ),
        DemoService(
            {
                "name": {"ja": "ヘッドスパ 45分", "en": "Head spa, 45 minutes"},
                "category": {"ja": "スパ", "en": "Spa"},
                "price": 7700,
                "duration_minutes": 45,
                "buffer_after_minutes": 15,
                "payment_mode": PaymentMode.CARD_HOLD,
            },
            (("misaki", "ayaka"), ("spa",)),
        ),
        DemoService(
            {
                "name": {"ja": "前髪カット", "en": "Fringe trim"},
                "category": {"ja": "カット", "en": "Cuts"},
                "price": 1100,
                "duration_minutes": 15,
                "payment_mode": PaymentMode.AT_VENUE,
            },
            (_ALL_STYLISTS,),
        ),
    ),
)

IZAKAYA = DemoBusiness(
    colour="#8a3a1c",
    slug="izakaya-tsuki",
    about={
        "vertical": Vertical.RESTAURANT,
        "name": {"ja": "居酒屋 月", "en": "Izakaya Tsuki"},
        "description": {
            "ja": "道頓堀の路地にある、個室3つの居酒屋です。瀬戸内の魚と大阪の地酒をお楽しみください。"
            "金・土は深夜2時まで営業。",
            "en": "Three private rooms in a lane in Dotonbori. We serve fish from the Seto Inland Sea and sake from"
            " Osaka, open until 2 a.m. on Fridays and Saturdays.",
        },
        "address": {"ja": "道頓堀1丁目99-4 月ビル地下1階", "en": "B1 Tsuki Bldg., 1-99-4 Dotonbori"},
        "postal_code": "542-0071",
        "prefecture": "大阪府",
        "city": "大阪市中央区",
        "phone": "+81665550134",
        "phone_as_typed": "06-6555-0134",
        "email": "yoyaku@izakaya-tsuki.example",
        "website": "https://izakaya-tsuki.example",
        "latitude": 34.6687,
        "longitude": 135.5022,
        "invoice_number": "T3987654321098",
        "legal_notice": _notice(
            {"ja": "居酒屋月（見本）", "en": "Izakaya Tsuki (an example)"},
            {"ja": "月野 健", "en": "Ken Tsukino"},
            {
                "ja": "大阪府大阪市中央区道頓堀1丁目99-4 月ビル地下1階",
                "en": "B1 Tsuki Bldg., 1-99-4 Dotonbori, Chuo-ku, Osaka",
            },
            {
                "ja": "06-6555-0134（受付 15:00〜24:00、月曜定休）",
                "en": "+81 6-6555-0134 (15:00–24:00, closed on Mondays)",
            },
            "yoyaku@izakaya-tsuki.example",
        ),
    },
    # Past midnight: Friday's business day goes on until 26 o'clock, which is Saturday at two.
    week=_week(_day((17, 24)), mon=(), fri=_day((17, 26)), sat=_day((16, 26)), sun=_day((16, 23))),
    policy={
        "name": {"ja": "前日まで無料", "en": "Free until the day before"},
        "tiers": [
            {"hours_before": 24, "penalty_percent": 0},
            {"hours_before": 0, "penalty_percent": 50},
        ],
        "no_show_percent": 100,
        "is_default": True,
    },
    resources=(
        DemoResource("matsu", ResourceKind.ROOM, {"ja": "個室 松（6名）", "en": "Room Matsu (6)"}),
        DemoResource("take", ResourceKind.ROOM, {"ja": "個室 竹（6名）", "en": "Room Take (6)"}),
        DemoResource("ume", ResourceKind.ROOM, {"ja": "個室 梅（10名）", "en": "Room Ume (10)"}),
    ),
    services=(
        DemoService(
            {
                "name": {"ja": "席のみ予約", "en": "Table only"},
                "category": {"ja": "お席", "en": "Tables"},
                "price": 0,
                "duration_minutes": 120,
                "buffer_after_minutes": 15,
                "party_min": 2,
                "party_max": 6,
                "payment_mode": PaymentMode.NONE,
            },
            (("matsu", "take", "ume"),),
        ),
        DemoService(
            {
                "name": {"ja": "飲み放題付きコース 2時間（1組）", "en": "Course with drinks, 2 h (per group)"},
                "description": {
                    "ja": "お造り盛り合わせから鍋、〆まで全7品。料金は1組（2〜6名様）の価格です。",
                    "en": "Seven dishes, from sashimi to hot pot. The price is for the whole group of 2 to 6.",
                },
                "category": {"ja": "コース", "en": "Courses"},
                "price": 5500,
                "duration_minutes": 120,
                "buffer_after_minutes": 15,
                "party_min": 2,
                "party_max": 6,
                "payment_mode": PaymentMode.AT_VENUE,
            },
            (("matsu", "take"),),
        ),
        DemoService(
            {
                "name": {"ja": "個室宴会コース 2時間30分（1室）", "en": "Private room party, 2 h 30 min (per room)"},
                "category": {"ja": "コース", "en": "Courses"},
                "price": 66000,
                "duration_minutes": 150,
                "buffer_after_minutes": 30,
                "party_min": 6,
                "party_max": 10,
                "payment_mode": PaymentMode.DEPOSIT,
                "deposit_amount": 10000,
                "approval_mode": ApprovalMode.MANUAL,
            },
            (("ume",),),
        ),
    ),
)

BUSINESSES = (SALON, IZAKAYA)
