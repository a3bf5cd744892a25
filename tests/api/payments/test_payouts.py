"""Payouts and fees: read from the provider at night, matched with our payments, shown to the owner and operators."""

from typing import Any
from uuid import uuid4

import pytest
from temporalio.testing import ActivityEnvironment

from activities.payments.payouts import PayoutActivities
from activities.payments.reconciliation import Compared, CompareInput
from db.engine.session import Database as Pool
from domain.payments.payouts import PAID_OUT_WITHIN
from providers.payments.registry import PaymentProviders
from tests.api.conftest import Person, error_of
from tests.api.payments.payment_requests import apply_events, confirm, held, intent, paid
from tests.api.payments.test_accounts import account_of, created
from tests.api.payments.test_record_state import admin as admin
from tests.api.salon import StaffedSalon
from tests.providers.adapters import AdapterCase
from tests.support import data
from tests.support.data import HOUR, NOW
from tests.support.sandbox import Sandbox

EVER = CompareInput("stripe", NOW - 876000 * HOUR, NOW + 876000 * HOUR)


async def compared(pool: Pool, providers: PaymentProviders, step: str = "compare_payouts", **more: Any) -> Compared:
    values = {"provider": EVER.provider, "since": EVER.since, "until": EVER.until, **more}
    steps = PayoutActivities(pool, providers, lambda: NOW)
    found: Compared = await ActivityEnvironment().run(getattr(steps, step), CompareInput(**values))
    return found


async def paid_at_account(salon: StaffedSalon, pool: Pool) -> tuple[str, str]:
    """A payment at the salon's own account: ids of the account and the payment."""
    account = await account_of(salon)
    opened = (await intent(salon.customer, await held(salon))).json()["data"]["payment_id"]
    assert (await confirm(salon.customer, opened)).status_code == 200
    await apply_events(pool)
    return account, str(opened)


async def attention(pool: Pool) -> list[dict[str, Any]]:
    return await data.rows(
        pool, "SELECT id::text AS id, kind, details FROM attention WHERE resolved_at IS NULL ORDER BY id"
    )


async def test_payout_shows_the_owner_each_payment_with_its_fee(
    salon: StaffedSalon, pool: Pool, providers: PaymentProviders, sandbox: Sandbox
) -> None:
    account, payment = await paid_at_account(salon, pool)
    business = {"business_id": str(salon.ids.business_id)}
    assert (await salon.owner.get(f"/payments/{payment}/fees")).json()["data"] == []
    made = sandbox.post("/sandbox/payouts/stripe", {})
    for _ in range(2):
        assert await compared(pool, providers, account_id=account) == Compared(1, 0, None)
    [payout] = (await salon.owner.get("/payouts", params=business)).json()["data"]
    assert (payout["provider_payout_id"], payout["account_id"], payout["agrees"]) == (made["id"], account, True)
    assert payout["amount"] == payout["entries_net"] == {"amount": 6363, "currency": "JPY"}
    assert payout["fees"]["amount"] == 237
    [entry] = (await salon.owner.get(f"/payouts/{payout['id']}/entries")).json()["data"]
    assert (entry["payment_id"], entry["kind"], entry["net"]["amount"]) == (payment, "payment", 6363)
    [fee] = (await salon.owner.get(f"/payments/{payment}/fees")).json()["data"]
    assert fee == entry
    assert await attention(pool) == []


async def test_payouts_are_for_owners_and_operators(
    salon: StaffedSalon, pool: Pool, providers: PaymentProviders, sandbox: Sandbox, admin: Person
) -> None:
    account, payment = await paid_at_account(salon, pool)
    sandbox.post("/sandbox/payouts/stripe", {})
    await compared(pool, providers, account_id=account)
    business = {"business_id": str(salon.ids.business_id)}
    [payout] = (await salon.owner.get("/payouts", params=business)).json()["data"]
    paths = ("/payouts", f"/payouts/{payout['id']}/entries", f"/payments/{payment}/fees")
    for person in (salon.staff, salon.assistant):
        for path in paths:
            asked = business if path == "/payouts" else {}
            assert error_of(await person.get(path, params=asked)) == (403, "forbidden"), path
    for path in paths:
        refused = error_of(await salon.customer.get(path, params=business if path == "/payouts" else {}))
        assert refused in {(403, "forbidden"), (404, "not_found")}, path
    for path in paths[1:]:
        assert error_of(await salon.other_owner.get(path)) == (404, "not_found")
    assert len((await admin.get("/payouts", params=business)).json()["data"]) == 1
    assert error_of(await salon.owner.get("/admin/payouts")) == (403, "forbidden")
    assert (await admin.get("/admin/payouts")).json()["data"] == []
    assert error_of(await admin.get(f"/admin/payouts/{uuid4()}/entries")) == (404, "not_found")


@pytest.mark.parametrize("provider", ["stripe", "payjp_v1", "payjp_v2"])
async def test_payout_of_the_platform_with_a_payment_that_we_do_not_know_is_filed_once(
    salon: StaffedSalon, pool: Pool, providers: PaymentProviders, sandbox: Sandbox, admin: Person, provider: str
) -> None:
    sandbox.reset()
    foreign = await AdapterCase(providers[provider], sandbox).pay()
    sandbox.post(f"/sandbox/payouts/{provider}", {})
    for _ in range(2):
        assert (await compared(pool, providers, provider=provider)).differences == 1
    [item] = await attention(pool)
    assert (item["kind"], item["details"]["difference"]) == ("payout_difference", "unknown_payment")
    assert (item["details"]["intent_id"], item["details"]["theirs"]) == (foreign.id, 5000)
    [payout] = (await admin.get("/admin/payouts")).json()["data"]
    entries = (await admin.get(f"/admin/payouts/{payout['id']}/entries")).json()["data"]
    assert {entry["payment_id"] for entry in entries} == {None}
    refused = await admin.post(f"/admin/reconciliation/{item['id']}/record")
    assert error_of(refused) == (422, "rule_broken"), "that needs a person's eyes"


async def test_payout_that_is_short_is_read_again_by_an_operator(
    salon: StaffedSalon, pool: Pool, providers: PaymentProviders, sandbox: Sandbox, admin: Person
) -> None:
    sandbox.reset()
    await paid(salon, pool)
    sandbox.post("/sandbox/payouts/stripe", {"missing": 100})
    assert (await compared(pool, providers)).differences == 1
    [item] = await attention(pool)
    assert (item["details"]["difference"], item["details"]["action"]) == ("payout_sum", "read_again")
    assert (item["details"]["ours"], item["details"]["theirs"]) == (6363, 6263)
    done = await admin.post(f"/admin/reconciliation/{item['id']}/record")
    assert (done.status_code, done.json()["data"]["resolution"]) == (200, "read_again")
    [again] = await attention(pool)
    assert again["id"] != item["id"], "it still differs, so it is filed again"


async def test_payout_that_shows_a_lost_webhook_records_the_state(
    salon: StaffedSalon, pool: Pool, providers: PaymentProviders, sandbox: Sandbox, admin: Person
) -> None:
    sandbox.reset()
    opened = (await intent(salon.customer, await held(salon))).json()["data"]["payment_id"]
    [row] = await data.rows(pool, "SELECT provider_intent_id AS intent FROM booking_payments")
    await providers["stripe"].confirm_intent(row["intent"], "pm_card_visa", "https://book.example/paid", uuid4().hex)
    sandbox.post("/sandbox/payouts/stripe", {})
    await compared(pool, providers)
    [item] = await attention(pool)
    assert (item["details"]["difference"], item["details"]["action"]) == ("payment_amount", "record_state")
    assert (await admin.post(f"/admin/reconciliation/{item['id']}/record")).status_code == 200
    await apply_events(pool)
    sql = "SELECT status FROM booking_payments WHERE id::text = :id"
    assert await data.rows(pool, sql, id=opened) == [{"status": "captured"}]


async def test_payment_that_is_never_paid_out_is_filed(
    salon: StaffedSalon, pool: Pool, providers: PaymentProviders, sandbox: Sandbox
) -> None:
    sandbox.reset()
    first = await paid(salon, pool)
    sandbox.post("/sandbox/payouts/stripe", {})
    await compared(pool, providers)
    second = await paid(salon, pool, 12)
    [row] = await data.rows(pool, "SELECT max(created_at) AS at FROM booking_payments")
    soon = {"since": row["at"] - HOUR, "until": row["at"] + HOUR}
    assert (await compared(pool, providers, "compare_paid_out", **soon)).differences == 0
    late = {name: at + PAID_OUT_WITHIN for name, at in soon.items()}
    for _ in range(2):
        assert (await compared(pool, providers, "compare_paid_out", **late)).differences == 1
    [item] = await attention(pool)
    assert (item["details"]["difference"], item["details"]["ours"]) == ("never_paid_out", 6600)
    filed = await data.rows(pool, "SELECT payment_id::text AS id FROM attention")
    assert [one["id"] for one in filed] == [second] != [first]


async def test_payments_that_are_never_paid_out_are_all_filed_page_by_page(
    salon: StaffedSalon,
    pool: Pool,
    providers: PaymentProviders,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """More than a page, and those of the first page stay where they are for ever."""
    sandbox.reset()
    await paid(salon, pool)
    sandbox.post("/sandbox/payouts/stripe", {})
    await compared(pool, providers)
    late = {await paid(salon, pool, hour) for hour in (12, 13, 14, 15)}
    monkeypatch.setattr("activities.payments.payouts.NEVER_PAID_OUT", 2)
    for _ in range(2):
        pages, cursor = 0, None
        while True:
            page = await compared(pool, providers, "compare_paid_out", cursor=cursor)
            pages, cursor = pages + 1, page.cursor
            if cursor is None:
                break
        assert pages == 3, "the last one is empty"
    filed = await data.rows(pool, "SELECT payment_id::text AS id FROM attention WHERE kind = 'payout_difference'")
    assert sorted(one["id"] for one in filed) == sorted(late)


async def test_payout_of_an_account_that_two_businesses_share_is_about_each_ones_own_payments(
    salon: StaffedSalon, pool: Pool, providers: PaymentProviders, sandbox: Sandbox
) -> None:
    sandbox.reset()
    account, payment = await paid_at_account(salon, pool)
    made = await created(salon.other_owner, salon.other.business_id)
    sandbox.post("/sandbox/payouts/stripe", {})
    for one in (made.json()["data"]["id"], account):
        assert await compared(pool, providers, account_id=one) == Compared(1, 0, None)
    [fee] = (await salon.owner.get(f"/payments/{payment}/fees")).json()["data"]
    business = {"business_id": str(salon.other.business_id)}
    [payout] = (await salon.other_owner.get("/payouts", params=business)).json()["data"]
    [entry] = (await salon.other_owner.get(f"/payouts/{payout['id']}/entries")).json()["data"]
    assert (entry["payment_id"], entry["provider_entry_id"]) == (None, fee["provider_entry_id"])
    assert await attention(pool) == []


async def test_payout_after_the_account_was_set_again_knows_the_payments_before(
    salon: StaffedSalon, pool: Pool, providers: PaymentProviders, sandbox: Sandbox
) -> None:
    sandbox.reset()
    _, payment = await paid_at_account(salon, pool)
    again = await account_of(salon)
    sandbox.post("/sandbox/payouts/stripe", {})
    assert await compared(pool, providers, account_id=again) == Compared(1, 0, None)
    [fee] = (await salon.owner.get(f"/payments/{payment}/fees")).json()["data"]
    assert fee["payment_id"] == payment
