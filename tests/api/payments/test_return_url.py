"""After the bank's page a customer returns to the platform, to an app that it knows, or to the business."""

from dataclasses import replace

import pytest
from fastapi import FastAPI

from db.engine.session import Database as Pool
from runtime.settings import Environment
from tests.api.conftest import error_of
from tests.api.payments.payment_requests import confirm, opened
from tests.api.salon import WRITTEN, StaffedSalon, counted
from tests.support import data
from tests.support.sandbox import Sandbox

THREE_D_SECURE = "pm_card_threeDSecure2Required"
LOOPBACK = "http://127.0.0.1:4000/paid"


async def set_website(pool: Pool, business_id: object, website: str) -> None:
    sql = "UPDATE businesses SET website = :website WHERE id::text = :id"
    await data.rows(pool, sql, website=website, id=str(business_id))


@pytest.fixture
def production(app: FastAPI) -> None:
    """The API of these tests, as if it ran in production."""
    services = app.state.services
    settings = services.settings.model_copy(update={"environment": Environment.PRODUCTION})
    app.state.services = replace(services, settings=settings)


@pytest.mark.parametrize(
    "url", ["https://evil.example/paid", "https://book.example@evil.example", "https://other-salon.example/paid"]
)
async def test_foreign_origin_is_refused_before_the_provider_is_asked(
    salon: StaffedSalon, pool: Pool, sandbox: Sandbox, url: str
) -> None:
    await set_website(pool, salon.ids.business_id, "https://salon.example/")
    await set_website(pool, salon.other.business_id, "https://other-salon.example/")
    payment = await opened(salon)
    before = await counted(pool, *WRITTEN)
    answer = await confirm(salon.customer, payment, THREE_D_SECURE, key="r-1", return_url=url)
    assert error_of(answer) == (422, "invalid_input")
    [field] = answer.json()["error"]["details"]["fields"]
    assert (field["field"], field["rule"]) == ("return_url", "return_url_origin")
    assert await counted(pool, *WRITTEN) == before
    # The key is free again, so that the client can correct the request.
    mended = await confirm(salon.customer, payment, THREE_D_SECURE, key="r-1", return_url="https://salon.example/paid")
    assert mended.status_code == 200, mended.text


@pytest.mark.usefixtures("production")
@pytest.mark.parametrize(
    "url", ["https://book.example/paid", "https://app.example/paid", "https://salon.example/thanks?booking=1"]
)
async def test_platform_an_app_and_the_business_may_be_returned_to(salon: StaffedSalon, pool: Pool, url: str) -> None:
    await set_website(pool, salon.ids.business_id, "https://salon.example/")
    answer = await confirm(salon.customer, await opened(salon), THREE_D_SECURE, return_url=url)
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["action_url"]


async def test_return_url_may_be_this_machine_outside_production(salon: StaffedSalon) -> None:
    answer = await confirm(salon.customer, await opened(salon), return_url=LOOPBACK)
    assert answer.status_code == 200, answer.text


@pytest.mark.usefixtures("production")
async def test_return_url_may_not_be_this_machine_in_production(salon: StaffedSalon) -> None:
    answer = await confirm(salon.customer, await opened(salon), return_url=LOOPBACK)
    assert error_of(answer) == (422, "invalid_input")
