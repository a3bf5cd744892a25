"""A business's own account at a payment provider: its secrets are nowhere in plain text, its payments stay with it, and
its webhooks say nothing about the payments of others."""

import json
import time
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import Response
from sqlalchemy.exc import IntegrityError

from activities.payments.payments import PaymentActivities
from activities.payments.refunds import BeginRefundInput, PollRefundInput, RefundActivities
from db.engine.session import Database as Pool
from db.engine.session import Scope
from db.payments.commands.replay import ReplayAsked
from domain.payments.movements import by_command
from domain.payments.status import Movement, Phase
from providers.payments.interface import PaymentProvider
from providers.payments.registry import PaymentProviders, provider_at
from runtime.keyring import KeyRing, Keys
from tests.api.conftest import PREFIX, Person, error_of
from tests.api.payments.payment_requests import apply_events, confirm, held, intent
from tests.api.payments.stripe_events import event, signature
from tests.api.salon import StaffedSalon, keyed
from tests.support import data
from tests.support.data import HOUR, NOW

GOOD_KEY = "sk_test_sandbox"
SECRET = "whsec_of_the_salon"


async def created(person: Person, business_id: object, **given: Any) -> Response:
    body = {
        "business_id": str(business_id),
        "provider": "stripe",
        "api_key": GOOD_KEY,
        "public_key": "pk_test_of_the_salon",
        "webhook_secret": SECRET,
        **given,
    }
    return await person.post("/payment-accounts", json=body, headers=keyed())


async def account_of(salon: StaffedSalon, **given: Any) -> str:
    answer = await created(salon.owner, salon.ids.business_id, **given)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["data"]["id"])


async def payment_at(salon: StaffedSalon, hour: int = 10) -> str:
    answer = await intent(salon.customer, await held(salon, hour))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["data"]["payment_id"])


async def test_account_is_answered_without_secrets_and_stored_encrypted(salon: StaffedSalon, pool: Pool) -> None:
    answer = await created(salon.owner, salon.ids.business_id, api_key="sk_live_very_secret")
    read = answer.json()["data"]
    assert set(read) == {
        *("id", "business_id", "provider", "public_key", "webhook_url", "replaced_at", "created_at", "updated_at")
    }
    assert read["webhook_url"] == f"https://book.example/api/v1/payments/webhook/stripe/{read['id']}"
    path = f"/payment-accounts/{read['id']}"
    changed = await salon.owner.put(path, json={"webhook_secret": "whsec_the_next_one"})
    listed = await salon.owner.get("/payment-accounts", params={"business_id": read["business_id"]})
    assert [one["id"] for one in listed.json()["data"]] == [read["id"]]
    wrong = await salon.owner.put(path, json={"api_key": "sk_bad"})
    assert error_of(wrong) == (422, "invalid_input")
    for word in ("sk_live_very_secret", SECRET, "whsec_the_next_one", "sk_bad"):
        assert not any(word in one.text for one in (answer, changed, listed, wrong)), word
        for table, column in (
            ("payment_accounts", "t::text"),
            ("audit_logs", "t::text"),
            ("outbox", "t::text"),
            ("idempotency_keys", "convert_from(t.body, 'UTF8')"),
        ):
            kept = await data.rows(pool, f"SELECT 1 FROM {table} t WHERE position(:word IN {column}) > 0", word=word)
            assert kept == [], (table, word)
    trail = await data.rows(pool, "SELECT after FROM audit_logs WHERE entity = 'payment_accounts' ORDER BY id")
    assert [row["after"]["secrets_encrypted"] for row in trail] == ["***", "***"]


@pytest.mark.parametrize("wrong", ["sk_test_sandbox\n", "sk_test sandbox", "ｓｋ＿ｔｅｓｔ＿ｓａｎｄｂｏｘ"])
async def test_account_secret_that_no_request_can_carry_is_refused(salon: StaffedSalon, wrong: str) -> None:
    """Otherwise every call to the provider fails after it was intended, and its outcome counts as unknown."""
    for field in ("api_key", "webhook_secret"):
        refused = await created(salon.owner, salon.ids.business_id, **{field: wrong})
        assert error_of(refused) == (422, "invalid_input")
        [found] = refused.json()["error"]["details"]["fields"]
        assert (found["field"], found["rule"]) == (field, "secret_characters")
        assert wrong.strip() not in refused.text


async def test_account_is_for_the_owner_alone(salon: StaffedSalon) -> None:
    account = await account_of(salon)
    business = {"business_id": str(salon.ids.business_id)}
    for person in (salon.staff, salon.assistant):
        assert error_of(await created(person, salon.ids.business_id)) == (403, "forbidden")
        assert error_of(await person.get("/payment-accounts", params=business)) == (403, "forbidden")
        assert error_of(await person.put(f"/payment-accounts/{account}", json={})) == (403, "forbidden")
    theirs = await salon.other_owner.put(f"/payment-accounts/{account}", json={"public_key": "pk_test_other0"})
    unknown = await salon.other_owner.put(f"/payment-accounts/{uuid4()}", json={"public_key": "pk_test_other0"})
    assert error_of(theirs) == error_of(unknown) == (404, "not_found")
    assert error_of(await salon.other_owner.delete(f"/payment-accounts/{account}")) == (404, "not_found")


async def test_payment_is_opened_with_the_keys_of_the_account(salon: StaffedSalon, pool: Pool) -> None:
    """The sandbox knows one key: with another one the provider refuses, so the platform's key was not used."""
    account = await account_of(salon, api_key="sk_test_not_known")
    booking = await held(salon)
    refused = await intent(salon.customer, booking)
    assert refused.status_code in {422, 503}, refused.text
    await salon.owner.put(f"/payment-accounts/{account}", json={"api_key": GOOD_KEY})
    opened = await intent(salon.customer, booking)
    assert opened.json()["data"]["public_key"] == "pk_test_of_the_salon"
    paid = await confirm(salon.customer, opened.json()["data"]["payment_id"])
    assert paid.json()["data"]["status"] == "captured"
    await apply_events(pool)
    [row] = await data.rows(pool, "SELECT status, account_id::text AS account FROM booking_payments")
    assert row == {"status": "captured", "account": account}


async def test_payment_stays_at_its_account_when_another_one_replaces_it(
    salon: StaffedSalon, pool: Pool, providers: PaymentProviders
) -> None:
    first = await account_of(salon)
    open_payment = await payment_at(salon)
    second = await account_of(salon, public_key="pk_test_the_second", api_key="sk_test_not_known")
    paid = await confirm(salon.customer, open_payment)
    assert paid.json()["data"]["status"] == "captured"
    await apply_events(pool)
    listed = await salon.owner.get("/payment-accounts", params={"business_id": str(salon.ids.business_id)})
    assert [(one["id"], one["replaced_at"] is None) for one in listed.json()["data"]] == [
        (second, True),
        (first, False),
    ]
    async with pool.unit_of_work(Scope.platform()) as work:
        payment = await work.payments.get(UUID(open_payment))
    task = payment.task(Movement.VOID, by_command(payment.id, Movement.VOID, "c"), payment.amount)
    assert str(task.account_id) == first
    result = await PaymentActivities(pool, providers, lambda: payment.created_at).perform(task)
    assert (result.phase, result.reason) == (Phase.FAILED, "already_paid")
    deleted = await salon.owner.delete(f"/payment-accounts/{second}")
    assert deleted.json()["data"]["replaced_at"] is not None
    await payment_at(salon, 12)
    rows = await data.rows(pool, "SELECT account_id FROM booking_payments ORDER BY id DESC LIMIT 1")
    assert rows == [{"account_id": None}]


async def test_account_webhook_is_verified_with_the_secret_of_the_account(salon: StaffedSalon, pool: Pool) -> None:
    account = await account_of(salon)
    await payment_at(salon)
    [row] = await data.rows(pool, "SELECT provider_intent_id FROM booking_payments")
    body = event(row["provider_intent_id"])

    async def send(path: str, secret: str) -> Response:
        return await salon.nobody.post(
            f"{PREFIX}/payments/webhook/{path}", content=body, headers=signature(body, secret)
        )

    assert error_of(await send(f"stripe/{account}", "whsec_sandbox")) == (400, "forged_webhook")
    assert error_of(await send("stripe", SECRET)) == (400, "forged_webhook")
    assert error_of(await send(f"payjp/{account}", SECRET)) == (404, "not_found")
    assert error_of(await send(f"stripe/{uuid4()}", SECRET)) == (404, "not_found")
    await salon.owner.put(f"/payment-accounts/{account}", json={"webhook_secret": "whsec_the_next_one"})
    assert (await send(f"stripe/{account}", SECRET)).json()["data"] == {"fresh": True}
    assert (await send(f"stripe/{account}", "whsec_the_next_one")).json()["data"] == {"fresh": False}
    await apply_events(pool)
    assert await data.rows(pool, "SELECT status FROM booking_payments") == [{"status": "captured"}]


async def test_account_webhook_says_nothing_about_payments_of_others(salon: StaffedSalon, pool: Pool) -> None:
    platforms = await payment_at(salon)
    account = await account_of(salon)
    [row] = await data.rows(pool, "SELECT provider_intent_id FROM booking_payments")
    body = event(row["provider_intent_id"], metadata={"payment_id": platforms})
    answer = await salon.nobody.post(
        f"{PREFIX}/payments/webhook/stripe/{account}", content=body, headers=signature(body, SECRET)
    )
    assert answer.json()["data"] == {"fresh": True}
    [stored] = await data.rows(pool, "SELECT outcome, payment_id FROM payment_webhooks")
    assert stored == {"outcome": "unmatched", "payment_id": None}
    [filed] = await data.rows(pool, "SELECT kind, payment_id::text AS payment, business_id, details FROM attention")
    assert (filed["kind"], filed["payment"]) == ("payment_named_elsewhere", platforms)
    assert filed["details"]["account_id"] == account
    async with pool.unit_of_work(Scope.platform()) as work:
        replayed = await work.payments.webhooks.replay(ReplayAsked(NOW - 876000 * HOUR, NOW + 876000 * HOUR))
    assert (replayed.delivered, replayed.unmatched) == (0, 1)
    assert await data.rows(pool, "SELECT status FROM booking_payments") == [{"status": "requires_payment"}]


async def test_account_webhook_that_copies_our_id_into_another_payment_is_filed(
    salon: StaffedSalon, pool: Pool
) -> None:
    account = await account_of(salon)
    payment = await payment_at(salon)
    await data.rows(pool, "UPDATE booking_payments SET account_id = NULL RETURNING id")
    for copied, filed in ((str(uuid4()), 0), (payment, 1), (payment, 1)):
        body = event(f"pi_{uuid4().hex if not filed else 'copied'}", metadata={"payment_id": copied})
        answer = await salon.nobody.post(
            f"{PREFIX}/payments/webhook/stripe/{account}", content=body, headers=signature(body, SECRET)
        )
        assert answer.status_code == 200
        assert len(await data.rows(pool, "SELECT kind FROM attention")) == filed
    assert await data.rows(pool, "SELECT status FROM booking_payments") == [{"status": "requires_payment"}]


async def test_account_that_was_replaced_still_refunds_its_payments(
    salon: StaffedSalon, pool: Pool, providers: PaymentProviders
) -> None:
    """The new account's key is unknown to the provider, so that only the former one can have refunded. The event of the
    refund comes to the address of the new account: its owner has removed the other."""
    first = await account_of(salon)
    payment_id = await payment_at(salon)
    assert (await confirm(salon.customer, payment_id)).json()["data"]["status"] == "captured"
    await apply_events(pool)
    second = await account_of(salon, api_key="sk_test_not_known", webhook_secret="whsec_of_the_second")
    body = {"reason": "goodwill", "amount": {"amount": 3000, "currency": "JPY"}}
    asked = await salon.owner.post(f"/payments/{payment_id}/refund", json=body, headers=keyed())
    assert asked.status_code == 201, asked.text
    steps = RefundActivities(pool, providers, lambda: NOW)
    about = {"refund_id": UUID(asked.json()["data"]["id"]), "business_id": UUID(str(salon.ids.business_id))}
    task = await steps.begin(BeginRefundInput(**about, booking_id=UUID(asked.json()["data"]["booking_id"])))
    assert task is not None
    assert str(task.account_id) == first
    result = await steps.perform(task)
    assert (result.phase, result.refunded) == (Phase.SUCCEEDED, 3000)
    assert (await steps.poll(PollRefundInput(task, str(result.provider_ref)))).phase is Phase.SUCCEEDED
    said = json.dumps(
        {
            "id": "evt_refunded",
            "type": "refund.updated",
            "created": int(time.time()),
            "data": {
                "object": {
                    "id": result.provider_ref,
                    "object": "refund",
                    "status": "succeeded",
                    "amount": 3000,
                    "payment_intent": task.intent_id,
                    "metadata": {"refund_id": str(about["refund_id"])},
                }
            },
        }
    ).encode()
    answer = await salon.nobody.post(
        f"{PREFIX}/payments/webhook/stripe/{second}", content=said, headers=signature(said, "whsec_of_the_second")
    )
    assert answer.json()["data"] == {"fresh": True}
    await apply_events(pool)
    assert await data.rows(pool, "SELECT status, refunded FROM booking_payments") == [
        {"status": "partially_refunded", "refunded": 3000}
    ]


async def test_account_shared_by_two_addresses_loses_no_event(salon: StaffedSalon, pool: Pool) -> None:
    """The provider sends the same event to both addresses; the first one has nothing to do with the payment."""
    first = await account_of(salon)
    await payment_at(salon)
    second = await account_of(salon)
    [row] = await data.rows(pool, "SELECT provider_intent_id FROM booking_payments")
    body = event(row["provider_intent_id"])
    for account, is_new in ((second, True), (first, True), (first, False), (second, False)):
        answer = await salon.nobody.post(
            f"{PREFIX}/payments/webhook/stripe/{account}", content=body, headers=signature(body, SECRET)
        )
        assert answer.json()["data"] == {"fresh": is_new}, account
    await apply_events(pool)
    assert await data.rows(pool, "SELECT status FROM booking_payments") == [{"status": "captured"}]


async def test_account_whose_key_is_lost_is_given_its_secrets_again(salon: StaffedSalon, pool: Pool) -> None:
    account = await account_of(salon)
    await data.rows(pool, "UPDATE payment_accounts SET key_id = 'lost' RETURNING id")
    booking = await held(salon)
    assert error_of(await intent(salon.customer, booking)) == (503, "unavailable")
    body = event("pi_unknown")
    path = f"{PREFIX}/payments/webhook/stripe/{account}"
    sent = await salon.nobody.post(path, content=body, headers=signature(body, SECRET))
    assert error_of(sent) == (503, "unavailable")
    one = await salon.owner.put(f"/payment-accounts/{account}", json={"api_key": GOOD_KEY})
    assert error_of(one) == (422, "rule_broken")
    assert one.json()["error"]["details"] == {"rule": "all_secrets_needed"}
    given = {"api_key": GOOD_KEY, "public_key": "pk_test_of_the_salon", "webhook_secret": SECRET}
    assert (await salon.owner.put(f"/payment-accounts/{account}", json=given)).status_code == 200
    assert (await intent(salon.customer, booking)).status_code == 201
    assert (await salon.nobody.post(path, content=body, headers=signature(body, SECRET))).status_code == 200


async def test_accounts_are_sealed_again_before_a_key_is_retired(salon: StaffedSalon, pool: Pool) -> None:
    account = UUID(await account_of(salon))
    async with pool.unit_of_work(Scope.platform()) as work:
        row = await work.payments.accounts.get(account)
    old = KeyRing(row.key_id, {row.key_id: b"development-only-key-do-not-use-in-production"})
    newer = Keys(old.current, old.keys, {}).rotated(row.created_at)
    both, alone = KeyRing(newer.current, newer.keys), KeyRing(newer.current, {newer.current: newer.keys[newer.current]})
    async with pool.unit_of_work(Scope.platform()) as work:
        assert await work.payments.accounts.reseal(both) == 1
        assert await work.payments.accounts.reseal(both) == 0
        assert (await work.payments.accounts.get(account)).opened(alone).api_key == GOOD_KEY


async def test_provider_at_makes_another_client_when_secrets_are_exchanged(
    salon: StaffedSalon, providers: PaymentProviders
) -> None:
    account = await account_of(salon)

    async def at() -> PaymentProvider:
        return await provider_at(providers, "stripe", UUID(account))

    first = await at()
    assert await at() is first
    await salon.owner.put(f"/payment-accounts/{account}", json={"api_key": "sk_test_another_one"})
    assert await at() is not first


async def delivered_event(salon: StaffedSalon, account: str, body: bytes, secret: str = SECRET) -> None:
    url = f"{PREFIX}/payments/webhook/stripe" + (f"/{account}" if account else "")
    answer = await salon.nobody.post(url, content=body, headers=signature(body, secret))
    assert answer.json()["data"] == {"fresh": True}


async def equal_ids(salon: StaffedSalon, pool: Pool) -> tuple[str, list[tuple[str, str]]]:
    """An id, and three payments that have it: at two accounts of the business and at the platform's. Each with its
    account."""
    payments = []
    for hour in (10, 12):
        account = await account_of(salon)
        payments.append((account, await payment_at(salon, hour)))
    await salon.owner.delete(f"/payment-accounts/{payments[-1][0]}")
    payments.append(("", await payment_at(salon, 14)))
    await data.rows(pool, "UPDATE booking_payments SET provider_intent_id = 'pi_equal' RETURNING id")
    return "pi_equal", payments


@pytest.mark.parametrize("is_named", [True, False], ids=["named", "by the intent alone"])
@pytest.mark.parametrize("at", range(3))
async def test_account_webhook_of_an_id_that_other_accounts_have_is_about_its_own_payment(
    salon: StaffedSalon, pool: Pool, at: int, is_named: bool
) -> None:
    intent_id, payments = await equal_ids(salon, pool)
    account, payment = payments[at]
    body = event(intent_id, metadata={"payment_id": payment} if is_named else {})
    await delivered_event(salon, account, body, SECRET if account else "whsec_sandbox")
    await apply_events(pool)
    captured = await data.rows(pool, "SELECT id::text AS id FROM booking_payments WHERE status = 'captured'")
    assert [row["id"] for row in captured] == [payment]


async def test_account_webhook_that_names_another_payment_is_not_about_an_equal_id_elsewhere(
    salon: StaffedSalon, pool: Pool
) -> None:
    """The payment that it names is not known here; the one with the equal id is at the business's former account."""
    intent_id, payments = await equal_ids(salon, pool)
    account, payment = payments[1]
    await data.rows(
        pool, "UPDATE booking_payments SET provider_intent_id = 'pi_x' WHERE id::text = :id RETURNING id", id=payment
    )
    await delivered_event(salon, account, event(intent_id, metadata={"payment_id": str(uuid4())}))
    await apply_events(pool)
    assert await data.rows(pool, "SELECT id FROM booking_payments WHERE status = 'captured'") == []


async def test_account_has_an_id_once(salon: StaffedSalon, pool: Pool) -> None:
    await account_of(salon)
    for hour in (10, 12):
        await payment_at(salon, hour)
    with pytest.raises(IntegrityError, match="uq_booking_payments_intent"):
        await data.rows(pool, "UPDATE booking_payments SET provider_intent_id = 'pi_equal' RETURNING id")
    await data.rows(pool, "UPDATE booking_payments SET account_id = NULL RETURNING id")
    with pytest.raises(IntegrityError, match="uq_booking_payments_intent"):
        await data.rows(pool, "UPDATE booking_payments SET provider_intent_id = 'pi_equal' RETURNING id")
