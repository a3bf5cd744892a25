"""Demo data on a real database."""

import bcrypt
import pytest

from db.businesses.search import Search, Sort
from db.catalogue.services import ServiceFilter
from db.engine.session import Scope, connect
from domain.errors import NotFound
from runtime.settings import Environment, Settings, UnsafeSettings
from stack.operators import set_operator
from stack.seed import seed
from stack.seed_businesses import BUSINESSES, IZAKAYA, SALON
from stack.seed_logins import ADMIN, CUSTOMER, IZAKAYA_OWNER, OWNER, PASSWORD
from tests.support.servers import Database, StorageServer

LOGINS = (OWNER, IZAKAYA_OWNER, CUSTOMER, ADMIN)


async def test_seed_can_be_written_twice_and_everybody_sees_it(database: Database, storage: StorageServer) -> None:
    settings = database.settings(**storage.settings())
    await seed(settings)
    await seed(settings)
    pool = connect(settings)
    try:
        async with pool.unit_of_work(Scope.public()) as work:
            found = await work.businesses.search(Search(Sort.NEWEST, "ja", 50))
            services = await work.catalogue.list_services(ServiceFilter(), None, 50)
        async with pool.unit_of_work(Scope.platform()) as work:
            pictures = await work.media.list_media(None, 50, None, True, False)
            people = [await work.identity.users.find_by_email(email) for email in LOGINS]
    finally:
        await pool.close()
    businesses = [one.business for one in found]
    assert {business.slug for business in businesses} == {demo.slug for demo in BUSINESSES}
    assert {business.status for business in businesses} == {"approved"}
    assert len(services) == sum(len(demo.services) for demo in BUSINESSES)
    assert len(pictures) == 5, "each once"
    assert all(service.requirements and service.policy for service, _ in services)
    salon_owner, izakaya_owner, *_ = people
    assert salon_owner
    assert izakaya_owner
    owners = {business.slug: business.owner_id for business in businesses}
    assert owners == {SALON.slug: salon_owner.id, IZAKAYA.slug: izakaya_owner.id}
    assert all(person and person.email_verified_at for person in people), "uploads and invitations ask for it"
    assert all(person and bcrypt.checkpw(PASSWORD.encode(), person.password_hash.encode()) for person in people)


async def test_production_refuses_it() -> None:
    settings = Settings().model_copy(update={"environment": Environment.PRODUCTION})
    with pytest.raises(UnsafeSettings, match="public password"):
        await seed(settings)


async def test_operator_is_made_and_unmade(database: Database, storage: StorageServer) -> None:
    settings = database.settings(**storage.settings())
    await seed(settings)
    pool = connect(settings)

    async def role(email: str) -> str:
        async with pool.unit_of_work(Scope.platform()) as work:
            found = await work.identity.users.find_by_email(email)
            assert found is not None
            return found.platform_role

    try:
        assert (await role(ADMIN), await role(OWNER)) == ("admin", "user")
        await set_operator(settings, OWNER)
        assert await role(OWNER) == "admin"
        await set_operator(settings, OWNER.upper(), operator=False)
        assert await role(OWNER) == "user"
        with pytest.raises(NotFound):
            await set_operator(settings, "nobody@example.jp")
    finally:
        await pool.close()
