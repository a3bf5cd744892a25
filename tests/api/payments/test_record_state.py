"""An operator runs the proposed action of a difference: the provider's state is recorded as if its webhook had come."""

import asyncio
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from temporalio.testing import ActivityEnvironment

from activities.payments.reconciliation import CompareInput, ReconciliationActivities
from db.engine.session import Database as Pool
from db.engine.session import Scope
from domain.payments.reconciliation import KIND
from providers.payments.registry import PaymentProviders
from tests.api.conftest import Login, Person, error_of
from tests.api.payments.payment_requests import apply_events, opened
from tests.api.platform.audit.test_audit import make_admin
from tests.api.salon import StaffedSalon
from tests.support import data, servers
from tests.support.data import HOUR, NOW
from tests.support.sandbox import Sandbox

EVER = CompareInput("stripe", NOW - 876000 * HOUR, NOW + 876000 * HOUR)


@pytest_asyncio.fixture
async def admin(log_in: Login, database: servers.Database) -> Person:
    person = await log_in()
    await make_admin(person, database)
    return person


async def difference(salon: StaffedSalon, pool: Pool, providers: PaymentProviders, sandbox: Sandbox) -> str:
    """The id of an item about a payment whose webhook was lost."""
    await opened(salon)
    [row] = await data.rows(pool, "SELECT provider_intent_id AS intent FROM booking_payments")
    card, back = "pm_card_visa", "https://book.example/paid"
    await providers["stripe"].confirm_intent(row["intent"], card, back, uuid4().hex)
    step = ReconciliationActivities(pool, providers, lambda: NOW).compare_theirs
    assert (await ActivityEnvironment().run(step, EVER)).differences == 1
    [item] = await data.rows(pool, "SELECT id::text AS id, kind, details FROM attention")
    assert (item["kind"], item["details"]["action"]) == (KIND, "record_state")
    return str(item["id"])


async def test_record_applies_the_state_of_the_provider_once(
    salon: StaffedSalon, pool: Pool, providers: PaymentProviders, sandbox: Sandbox, admin: Person
) -> None:
    item = await difference(salon, pool, providers, sandbox)
    path = f"/admin/reconciliation/{item}/record"
    assert error_of(await salon.owner.post(path)) == (403, "forbidden")
    answers = await asyncio.gather(*(admin.post(path) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    done = next(answer for answer in answers if answer.status_code == 200).json()["data"]
    assert (done["id"], done["resolution"]) == (item, "record_state")
    assert done["resolved_at"] is not None
    assert await data.rows(pool, "SELECT event_type FROM payment_webhooks") == [{"event_type": "reconciliation"}]
    await apply_events(pool)
    [row] = await data.rows(pool, "SELECT status, captured FROM booking_payments")
    assert row == {"status": "captured", "captured": 6600}
    step = ReconciliationActivities(pool, providers, lambda: NOW).compare_theirs
    assert (await ActivityEnvironment().run(step, EVER)).differences == 0


async def test_record_leaves_the_item_open_while_the_provider_is_away(
    salon: StaffedSalon, pool: Pool, providers: PaymentProviders, sandbox: Sandbox, admin: Person
) -> None:
    item = await difference(salon, pool, providers, sandbox)
    sandbox.fault("payment_intents.retrieve", "error_500")
    assert error_of(await admin.post(f"/admin/reconciliation/{item}/record")) == (503, "unavailable")
    assert await data.rows(pool, "SELECT resolved_at FROM attention") == [{"resolved_at": None}]
    assert await data.rows(pool, "SELECT id FROM payment_webhooks") == []
    assert (await admin.post(f"/admin/reconciliation/{item}/record")).status_code == 200


@pytest.mark.parametrize(("kind", "action"), [(KIND, "check"), ("refund_failed", "record_state"), (KIND, None)])
async def test_record_refuses_what_needs_a_person(
    salon: StaffedSalon, pool: Pool, admin: Person, kind: str, action: str | None
) -> None:
    payment = await opened(salon)
    async with pool.unit_of_work(Scope.platform()) as work:
        details = {"action": action, "intent_id": "pi_x"}
        await work.platform.attention.file(kind, "key", payment_id=UUID(payment), details=details)
    [item] = await data.rows(pool, "SELECT id::text AS id FROM attention")
    refused = await admin.post(f"/admin/reconciliation/{item['id']}/record")
    assert error_of(refused) == (422, "rule_broken")
    assert refused.json()["error"]["details"] == {"rule": "no_action_to_run"}
    assert error_of(await admin.post(f"/admin/reconciliation/{uuid4()}/record")) == (404, "not_found")
