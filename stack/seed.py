"""Demo data: four people who can log in, and two businesses that can be booked."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from uuid import UUID, uuid4

import bcrypt

from db.engine.session import Database, Scope, UnitOfWork, connect
from db.identity.users import NewUser
from db.messages.brands import BrandRow
from domain.business_status import BusinessStatus
from domain.catalogue.service import ApprovalMode
from domain.errors import NotFound
from domain.media.files import UPLOADS, FileType
from domain.scheduling.hours import check_week
from providers.storage.interface import Storage
from providers.storage.registry import storage_provider
from runtime.settings import Environment, Settings, UnsafeSettings
from stack.operators import set_operator
from stack.seed_businesses import BUSINESSES, IZAKAYA, SALON, DemoBusiness
from stack.seed_logins import ADMIN, CUSTOMER, IZAKAYA_OWNER, OWNER, PASSWORD
from stack.seed_pictures import izakaya_pictures, salon_pictures

_DRAWN: Mapping[str, Callable[[], list[tuple[dict[str, str], bytes]]]] = {
    SALON.slug: salon_pictures,
    IZAKAYA.slug: izakaya_pictures,
}


async def seed(settings: Settings) -> None:
    """Write the demo data. Rows that exist already stay unchanged, so it can be called again.

    Raises:
        UnsafeSettings: in production, where a login whose password is public must not exist.
    """
    if settings.environment is Environment.PRODUCTION:
        raise UnsafeSettings("demo data has a public password and does not belong into production")
    database = connect(settings)
    try:
        owners = {
            SALON.slug: await _user(database, OWNER, ("山本", "花")),
            IZAKAYA.slug: await _user(database, IZAKAYA_OWNER, ("月野", "健")),
        }
        await _user(database, CUSTOMER, ("田中", "太郎"))
        await _user(database, ADMIN, ("小川", "誠"))
        storage = storage_provider(settings)
        try:
            for business in BUSINESSES:
                await _business(database, storage, owners[business.slug], business)
        finally:
            await storage.aclose()
    finally:
        await database.close()
    await set_operator(settings, ADMIN)


async def _user(database: Database, email: str, name: tuple[str, str]) -> UUID:
    async with database.unit_of_work(Scope.platform()) as work:
        known = await work.identity.users.find_by_email(email)
        if known is not None:
            return known.id
        hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt()).decode()
        user = await work.identity.users.create(
            NewUser(email=email, password_hash=hashed, family_name=name[0], given_name=name[1], language="ja")
        )
        # Nobody reads mail at an example address, and uploads, invitations and bookings ask for a proven one.
        await work.identity.users.verify_email(user.id, datetime.now(UTC))
        return user.id


async def _business(database: Database, storage: Storage, owner: UUID, demo: DemoBusiness) -> None:
    async with database.unit_of_work(Scope.platform()) as work:
        try:
            await work.businesses.get_by_slug(demo.slug)
        except NotFound:
            business = await work.businesses.create(owner, {**demo.about, "slug": demo.slug}, "ja")
        else:
            return
        await _fill(work, business.id, demo)
        await approve_without_review(work, business.id)
        await work.messages.brands.set(business.id, BrandRow(demo.colour, None))
    await _pictures(database, storage, business.id, demo)


async def _pictures(database: Database, storage: Storage, business: UUID, demo: DemoBusiness) -> None:
    """Upload the pictures as an owner would; a worker inspects them."""
    for caption, picture in _DRAWN[demo.slug]():
        key = f"{UPLOADS}{uuid4()}"
        await storage.put(key, picture, FileType.JPEG.value)
        async with database.unit_of_work(Scope.platform()) as work:
            media = await work.media.add_media(business, FileType.JPEG, key, len(picture))
            await work.media.change_media(media.id, {"captions": caption})


async def approve_without_review(work: UnitOfWork, business_id: UUID) -> None:
    """Make an example business public. Nobody reviews it, so nothing but examples and tests calls this."""
    row = await work.businesses.get(business_id)
    if row.status in {BusinessStatus.DRAFT, BusinessStatus.REJECTED}:
        row = await work.businesses.set_status(row, BusinessStatus.PENDING)
    if row.status != BusinessStatus.APPROVED:
        await work.businesses.set_status(row, BusinessStatus.APPROVED)


async def _fill(work: UnitOfWork, business: UUID, demo: DemoBusiness) -> None:
    await work.scheduling.hours.set_week(business, check_week(demo.week), datetime.now(UTC), confirm=False)
    await work.businesses.change_settings(business, demo.settings)
    await work.catalogue.add_policy(business, demo.policy)
    resources = {}
    for one in demo.resources:
        values = {"kind": one.kind, "name": one.name}
        week = check_week(one.hours) if one.hours else None
        resources[one.key] = (await work.catalogue.add_resource(business, values, week)).id
    for service in demo.services:
        needs = {group: [resources[key] for key in keys] for group, keys in enumerate(service.needs)}
        values = {"currency": "JPY", "approval_mode": ApprovalMode.INSTANT, **service.about}
        await work.catalogue.add_service(business, values, needs)
