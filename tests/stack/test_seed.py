"""Demo data on a real database."""

import bcrypt
import pytest

from db.session import Scope, connect
from db.stores.businesses.search import Search, Sort
from db.stores.catalogue.services import ServiceFilter
from runtime.settings import Environment, Settings, UnsafeSettings
from stack.seed import approve, seed
from stack.seed_businesses import BUSINESSES
from stack.seed_logins import CUSTOMER, OWNER, PASSWORD
from tests.servers import Database


async def test_it_can_be_written_twice_and_everybody_sees_it(database: Database) -> None:
    settings = database.settings()
    await seed(settings)
    await seed(settings)
    pool = connect(settings)
    try:
        async with pool.unit_of_work(Scope.public()) as work:
            found = await work.businesses.search(Search(Sort.NEWEST, "ja", 50))
            services = await work.catalogue.list_services(ServiceFilter(), None, 50)
        async with pool.unit_of_work(Scope.platform()) as work:
            people = [await work.users.find_by_email(email) for email in (OWNER, CUSTOMER)]
    finally:
        await pool.close()
    businesses = [one.business for one in found]
    assert {business.slug for business in businesses} == {demo.slug for demo in BUSINESSES}
    assert {business.status for business in businesses} == {"approved"}
    assert len(services) == sum(len(demo.services) for demo in BUSINESSES)
    assert all(service.requirements and service.policy for service, _ in services)
    assert all(person and bcrypt.checkpw(PASSWORD.encode(), person.password_hash.encode()) for person in people)


async def test_production_refuses_it() -> None:
    settings = Settings().model_copy(update={"environment": Environment.PRODUCTION})
    with pytest.raises(UnsafeSettings, match="public password"):
        await seed(settings)


async def test_a_business_is_let_in_once_or_twice(database: Database) -> None:
    settings = database.settings()
    await seed(settings)
    pool = connect(settings)
    try:
        async with pool.unit_of_work(Scope.platform()) as work:
            owner = await work.users.find_by_email(OWNER)
            assert owner is not None
            draft = await work.businesses.found(
                owner.id, {"vertical": "salon", "name": {"ja": "新店", "en": "New"}}, "ja"
            )
        for _ in range(2):
            assert (await approve(settings, draft.id)).status == "approved"
    finally:
        await pool.close()
