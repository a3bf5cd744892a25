"""People register, a salon opens, and its free time can be seen."""

import asyncio
from time import perf_counter

from stack.demo.expectations import Unexpected, expect
from stack.demo.salon import HOLD, PRICE, TIERS, Salon, yen

TITLE = "A salon gets ready"
LOOK = "Its free time can be seen"
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
#: 特定商取引法に基づく表記: required where money is taken online.
_NOTICE = (
    "販売業者：サロンさくら 24（見本）\n運営責任者：山本 さくら\n所在地：〒150-0001 東京都渋谷区神宮前4丁目1-2\n"
    "電話番号：03-5550-0123（24時間受付）\nメールアドレス：{email}\n販売価格：各メニューに税込価格で表示しています\n"
    "販売価格以外の費用：なし（インターネット接続料はお客様のご負担です）\n支払方法：クレジットカード（オンライン決済）\n"
    "支払時期：ご予約時\nサービスの提供時期：ご予約の日時\n"
    "キャンセル・変更・返金：予約メールのリンクからお手続きいただけます。"
    "キャンセル料は、予約時に表示するキャンセル規定によります。当店の都合によるキャンセルは全額返金します"
)
#: Round the clock, so that there is a visit soon after whatever time the demo is started at.
_ALWAYS = [{"opens": "00:00", "closes": "24:00"}]


async def play(salon: Salon) -> None:
    """Everything that the later scenes need."""
    await asyncio.gather(
        salon.owner.join("山本", "さくら"),
        salon.hanako.join("田中", "花子"),
        salon.ken.join("Sato", "Ken"),
    )
    people = ", ".join(person.name for person in (salon.owner, salon.hanako, salon.ken))
    salon.timeline.say(f"registered and logged in: {people}", salon.owner.id)
    await _found(salon)
    await _fill(salon)


async def _found(salon: Salon) -> None:
    about = {
        "name": {"ja": "サロンさくら 24", "en": "Salon Sakura 24"},
        "description": {"ja": "表参道の24時間営業サロンです。", "en": "A salon in Omotesando that never closes."},
        "address": {"ja": "神宮前4丁目1-2", "en": "4-1-2 Jingumae"},
        "postal_code": "150-0001",
        "prefecture": "東京都",
        "city": "渋谷区",
        "phone": "03-5550-0123",
        "email": salon.owner.email,
        "legal_notice": {"ja": _NOTICE.format(email=salon.owner.email)},
        "vertical": "salon",
    }
    business = await salon.owner.post("/owner/businesses", about)
    salon.business_id = business["id"]
    salon.timeline.say(
        f"{salon.owner.name} creates {business['name']['ja']} / {business['name']['en']}", business["id"]
    )
    weekly = {"weekly": dict.fromkeys(_DAYS, _ALWAYS)}
    await salon.owner.put(f"/owner/businesses/{salon.business_id}/hours", weekly)
    await salon.set_up(lead_time=0, hold_for=HOLD.total_seconds(), undo_within=0)
    answer = await salon.hanako.ask("GET", f"/businesses/{salon.business_id}")
    expect("a draft is hidden from others: status", answer.status, 404)
    salon.timeline.say("hours are set; before its approval nobody else sees it (404)")


async def _fill(salon: Salon) -> None:
    mine = {"business_id": salon.business_id}
    policy = {**mine, "name": {"ja": "標準", "en": "Standard"}, "tiers": TIERS, "is_default": True}
    salon.policy_id = (await salon.owner.post("/policies", policy))["id"]
    misaki = {**mine, "kind": "staff", "name": {"ja": "佐藤 美咲", "en": "Misaki Sato"}}
    yuto = {**mine, "kind": "staff", "name": {"ja": "鈴木 悠斗", "en": "Yuto Suzuki"}}
    made = [await salon.owner.post("/owner/resources", one) for one in (misaki, yuto)]
    salon.staff = tuple(one["id"] for one in made)
    service = {
        **mine,
        "name": {"ja": "カットとカラー", "en": "Cut and colour"},
        "price": {"amount": PRICE, "currency": "JPY"},
        "duration_minutes": 60,
        "payment_mode": "prepay",
        "policy_id": salon.policy_id,
        "requirements": [{"group": 0, "resource_ids": list(salon.staff)}],
    }
    salon.service_id = (await salon.owner.post("/owner/services", service))["id"]
    salon.timeline.say(f"two staff, and a service of 60 min for {yen(PRICE)}, paid in advance", salon.service_id)


async def look(salon: Salon) -> None:
    """Free time, twice."""
    first, starts = await _timed_look(salon)
    again, _ = await _timed_look(salon)
    if starts < 1000:
        raise Unexpected("a month of free starts", f"{starts} starts")
    salon.timeline.say(f"availability of 31 days: {starts} starts in {first:.0f} ms, asked again in {again:.0f} ms")


async def _timed_look(salon: Salon) -> tuple[float, int]:
    """Milliseconds and the number of starts."""
    began = perf_counter()
    starts = await salon.starts(salon.hanako, 0, 31)
    return (perf_counter() - began) * 1000, len(starts)
