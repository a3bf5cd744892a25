"""Demo data: two people who can log in, and two businesses that can be booked. And letting a business in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import bcrypt

from db.session import Database, Scope, UnitOfWork, connect
from db.stores.businesses.profile import BusinessRow
from db.stores.users import NewUser
from domain.businesses.hours import MinuteRange, WeeklyHours
from domain.businesses.status import ApprovalMode, ResourceKind, Vertical
from domain.errors import NotFound
from domain.payments.status import PaymentMode
from runtime.settings import Environment, Settings, UnsafeSettings
from stack.seed_logins import CUSTOMER, OWNER, PASSWORD

_HOUR = 60


@dataclass(frozen=True, slots=True)
class DemoService:
    """A service that takes one of the staff."""

    name: Mapping[str, str]
    price: int
    minutes: int
    payment_mode: PaymentMode
    most_people: int = 1


@dataclass(frozen=True, slots=True)
class DemoBusiness:
    """A business with its week, its staff or rooms, and its services. Opening hours are minutes of the day."""

    slug: str
    about: Mapping[str, Any]
    opens: int
    closes: int
    closed_on: frozenset[int]
    kind: ResourceKind
    resources: tuple[tuple[Mapping[str, str], int], ...]
    services: tuple[DemoService, ...]


BUSINESSES = (
    DemoBusiness(
        slug="salon-hana",
        about={
            "vertical": Vertical.SALON,
            "name": {"ja": "ヘアサロン花", "en": "Hair Salon Hana"},
            "description": {"ja": "表参道の小さなサロンです。", "en": "A small salon in Omotesando."},
            "address": {"ja": "神宮前4丁目1-2", "en": "4-1-2 Jingumae"},
            "prefecture": "東京都",
            "city": "渋谷区",
        },
        opens=10 * _HOUR,
        closes=20 * _HOUR,
        closed_on=frozenset({1}),
        kind=ResourceKind.STAFF,
        resources=(({"ja": "佐藤 美咲", "en": "Misaki Sato"}, 1), ({"ja": "鈴木 悠斗", "en": "Yuto Suzuki"}, 1)),
        services=(
            DemoService({"ja": "カット", "en": "Cut"}, 5500, 60, PaymentMode.PREPAY),
            DemoService({"ja": "カットとカラー", "en": "Cut and colour"}, 13200, 120, PaymentMode.PREPAY),
            DemoService({"ja": "前髪カット", "en": "Fringe trim"}, 1100, 15, PaymentMode.AT_VENUE),
        ),
    ),
    DemoBusiness(
        slug="izakaya-tsuki",
        about={
            "vertical": Vertical.RESTAURANT,
            "name": {"ja": "居酒屋月", "en": "Izakaya Tsuki"},
            "description": {"ja": "深夜2時まで営業しています。", "en": "Open until two in the night."},
            "address": {"ja": "道頓堀1丁目3-4", "en": "1-3-4 Dotonbori"},
            "prefecture": "大阪府",
            "city": "大阪市",
        },
        # Past midnight: the business day goes on until 26 o'clock.
        opens=17 * _HOUR,
        closes=26 * _HOUR,
        closed_on=frozenset(),
        kind=ResourceKind.ROOM,
        resources=(
            ({"ja": "個室 松", "en": "Private room Matsu"}, 1),
            ({"ja": "個室 竹", "en": "Private room Take"}, 1),
        ),
        services=(
            DemoService({"ja": "飲み放題コース", "en": "All-you-can-drink course"}, 4400, 120, PaymentMode.AT_VENUE, 6),
        ),
    ),
)


async def seed(settings: Settings) -> None:
    """Write the demo data. What is there already stays as it is, so it can be called again.

    Raises:
        UnsafeSettings: in production, where a login whose password is public must not exist.
    """
    if settings.environment is Environment.PRODUCTION:
        raise UnsafeSettings("demo data has a public password and does not belong into production")
    database = connect(settings)
    try:
        owner = await _user(database, OWNER, ("山本", "花"))
        await _user(database, CUSTOMER, ("田中", "太郎"))
        for business in BUSINESSES:
            await _business(database, owner, business)
    finally:
        await database.close()


async def approve(settings: Settings, business_id: UUID) -> BusinessRow:
    """Make a business public, as a platform admin does. Approving twice changes nothing.

    Raises:
        NotFound: there is no such business.
    """
    database = connect(settings)
    try:
        async with database.unit_of_work(Scope.platform()) as work:
            return await work.businesses.approve(business_id)
    finally:
        await database.close()


async def _user(database: Database, email: str, name: tuple[str, str]) -> UUID:
    async with database.unit_of_work(Scope.platform()) as work:
        known = await work.users.find_by_email(email)
        if known is not None:
            return known.id
        hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt()).decode()
        user = await work.users.create(
            NewUser(email=email, password_hash=hashed, family_name=name[0], given_name=name[1], language="ja")
        )
        return user.id


async def _business(database: Database, owner: UUID, demo: DemoBusiness) -> None:
    async with database.unit_of_work(Scope.platform()) as work:
        try:
            await work.businesses.get_by_slug(demo.slug)
        except NotFound:
            business = await work.businesses.found(owner, {**demo.about, "slug": demo.slug}, "ja")
        else:
            return
        await _fill(work, business.id, demo)
        await work.businesses.approve(business.id)


async def _fill(work: UnitOfWork, business: UUID, demo: DemoBusiness) -> None:
    day = (MinuteRange(demo.opens, demo.closes),)
    week = WeeklyHours(tuple(() if number in demo.closed_on else day for number in range(7)))
    await work.businesses.set_week(business, week, datetime.now(UTC), confirm=False)
    policy = await work.catalogue.add_policy(
        business,
        {
            "name": {"ja": "標準", "en": "Standard"},
            "tiers": [
                {"hours_before": 48, "penalty_percent": 0},
                {"hours_before": 24, "penalty_percent": 50},
                {"hours_before": 0, "penalty_percent": 100},
            ],
            "no_show_percent": 100,
            "is_default": True,
        },
    )
    resources = [
        (await work.catalogue.add_resource(business, {"kind": demo.kind, "name": name, "capacity": size}, None)).id
        for name, size in demo.resources
    ]
    for service in demo.services:
        await work.catalogue.add_service(
            business,
            {
                "name": service.name,
                "price": service.price,
                "currency": "JPY",
                "duration_minutes": service.minutes,
                "payment_mode": service.payment_mode,
                "party_max": service.most_people,
                "approval_mode": ApprovalMode.INSTANT,
                "policy_id": policy.id,
            },
            {0: resources},
        )
