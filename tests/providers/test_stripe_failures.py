"""Keys, and what each kind of failure is called; nothing is ever charged twice."""

import asyncio
import logging
import traceback
import uuid
from datetime import timedelta

import pytest
from pydantic import SecretStr

from domain.money import Money
from domain.payments.status import PaymentStatus
from providers.errors import OutcomeUnknown, ProviderRefused, ProviderUnavailable
from providers.payments.interface import CaptureMethod, IntentRequest
from providers.payments.registry import payment_providers
from providers.payments.stripe import StripePayments
from tests.providers.test_stripe_payments import RETURN_URL, key, new_intent, pay
from tests.support.sandbox import Sandbox, free_port

REQUEST = IntentRequest(Money(5000), CaptureMethod.AUTOMATIC, {"booking_id": "b-1"})
IMPATIENT = {"provider_timeout": timedelta(milliseconds=400)}


async def test_same_key_gives_the_same_intent(payments: StripePayments, sandbox: Sandbox) -> None:
    same = key()
    first = await payments.create_intent(REQUEST, same)
    assert await payments.create_intent(REQUEST, same) == first
    assert sandbox.get("/sandbox/state")["objects"]["payment_intent"] == 1


async def test_same_key_gives_the_same_refusal(payments: StripePayments, sandbox: Sandbox) -> None:
    intent, same = await new_intent(payments), key()
    first = await payments.confirm_intent(intent.id, "pm_card_chargeDeclined", RETURN_URL, same)
    again = await payments.confirm_intent(intent.id, "pm_card_chargeDeclined", RETURN_URL, same)
    assert first == again
    assert sandbox.get("/sandbox/state")["objects"]["charge"] == 1


async def test_same_key_refunds_once(payments: StripePayments) -> None:
    intent, same = await pay(payments), key()
    first = await payments.create_refund(intent.id, 2000, same, {})
    assert await payments.create_refund(intent.id, 2000, same, {}) == first
    assert (await payments.get_intent(intent.id)).refunded == 2000


async def test_key_with_other_parameters_is_refused(payments: StripePayments) -> None:
    intent, same = await pay(payments), key()
    await payments.create_refund(intent.id, 2000, same, {})
    with pytest.raises(ProviderRefused) as refused:
        await payments.create_refund(intent.id, 2001, same, {})
    assert refused.value.reason == "idempotency_error"
    with pytest.raises(ProviderRefused):
        await payments.create_intent(REQUEST, same)
    assert (await payments.get_intent(intent.id)).refunded == 2000


async def test_replay_says_that_it_is_one(sandbox: Sandbox) -> None:
    headers = {"Authorization": "Bearer sk_test_sandbox", "Idempotency-Key": key()}
    form = {"amount": "500", "currency": "jpy"}
    url = sandbox.url + "/v1/payment_intents"
    first = sandbox.http.post(url, data=form, headers=headers)
    again = sandbox.http.post(url, data=dict(reversed(form.items())), headers=headers)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["original-request"] == first.headers["request-id"]
    assert again.json() == first.json()


async def test_charge_behind_a_time_out_is_found_by_its_key(sandbox: Sandbox) -> None:
    payments = StripePayments(sandbox.settings(**IMPATIENT))
    intent, same = await new_intent(payments), key()
    sandbox.fault("payment_intents.confirm", "timeout_after_success", seconds=3)
    with pytest.raises(OutcomeUnknown):
        await payments.confirm_intent(intent.id, "pm_card_visa", RETURN_URL, same)
    # It has happened all the same; the repeat finds it and charges nothing.
    assert (await payments.get_intent(intent.id)).status is PaymentStatus.CAPTURED
    paid = await payments.confirm_intent(intent.id, "pm_card_visa", RETURN_URL, same)
    assert (paid.status, paid.captured) == (PaymentStatus.CAPTURED, 5000)
    assert sandbox.get("/sandbox/state")["objects"]["charge"] == 1
    await payments.aclose()


async def test_refund_behind_a_time_out_is_found_by_its_key(sandbox: Sandbox) -> None:
    payments = StripePayments(sandbox.settings(**IMPATIENT))
    intent, same = await pay(payments), key()
    sandbox.fault("refunds.create", "timeout_after_success", seconds=3)
    with pytest.raises(OutcomeUnknown):
        await payments.create_refund(intent.id, 1000, same, {})
    assert (await payments.create_refund(intent.id, 1000, same, {})).amount == 1000
    assert (await payments.get_intent(intent.id)).refunded == 1000
    await payments.aclose()


async def test_work_goes_on_after_the_caller_gave_up(sandbox: Sandbox) -> None:
    payments = StripePayments(sandbox.settings(**IMPATIENT))
    intent, same = await new_intent(payments), key()
    sandbox.fault("payment_intents.confirm", "delay", seconds=0.8)
    with pytest.raises(OutcomeUnknown):
        await payments.confirm_intent(intent.id, "pm_card_visa", RETURN_URL, same)
    assert (await payments.get_intent(intent.id)).status is PaymentStatus.REQUIRES_PAYMENT
    async with asyncio.timeout(10):
        while (await payments.get_intent(intent.id)).status is not PaymentStatus.CAPTURED:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert (await payments.confirm_intent(intent.id, "pm_card_visa", RETURN_URL, same)).captured == 5000
    assert sandbox.get("/sandbox/state")["objects"]["charge"] == 1
    await payments.aclose()


async def test_error_of_the_server_leaves_the_outcome_open(payments: StripePayments, sandbox: Sandbox) -> None:
    same = key()
    sandbox.fault("payment_intents.create", "error_500")
    with pytest.raises(OutcomeUnknown) as unknown:
        await payments.create_intent(REQUEST, same)
    assert unknown.value.reason == "api_error"
    assert (await payments.create_intent(REQUEST, same)).amount == 5000


async def test_error_after_success_is_found_by_its_key(payments: StripePayments, sandbox: Sandbox) -> None:
    same = key()
    sandbox.fault("payment_intents.create", "error_500_after_success")
    with pytest.raises(OutcomeUnknown):
        await payments.create_intent(REQUEST, same)
    await payments.create_intent(REQUEST, same)
    assert sandbox.get("/sandbox/state")["objects"]["payment_intent"] == 1


async def test_stored_error_sticks_to_its_key(payments: StripePayments, sandbox: Sandbox) -> None:
    same = key()
    sandbox.fault("payment_intents.create", "error_500", stored=True)
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            await payments.create_intent(REQUEST, same)
    assert (await payments.create_intent(REQUEST, key())).amount == 5000


async def test_status_429_means_that_nothing_happened(payments: StripePayments, sandbox: Sandbox) -> None:
    sandbox.fault("*", "rate_limited", times=2)
    with pytest.raises(ProviderUnavailable):
        await payments.create_intent(REQUEST, key())
    with pytest.raises(ProviderUnavailable):
        await payments.get_intent("pi_any")
    assert (await payments.create_intent(REQUEST, key())).amount == 5000


async def test_refused_connection_means_that_nothing_happened(sandbox: Sandbox) -> None:
    payments = StripePayments(sandbox.settings(stripe_base_url=f"http://127.0.0.1:{free_port()}"))
    with pytest.raises(ProviderUnavailable) as away:
        await payments.create_intent(REQUEST, key())
    assert away.value.reason == "not_connected"
    await payments.aclose()


async def test_connection_that_breaks_after_sending_leaves_the_outcome_open(sandbox: Sandbox) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    payments = StripePayments(sandbox.settings(stripe_base_url=url))
    with pytest.raises(OutcomeUnknown):
        await payments.create_intent(REQUEST, key())
    await payments.aclose()
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize(
    ("amount", "reason"), [(49, "amount_too_small"), (0, "amount_too_small"), (100_000_000, "amount_too_large")]
)
async def test_impossible_amount_is_refused(payments: StripePayments, amount: int, reason: str) -> None:
    with pytest.raises(ProviderRefused) as refused:
        await new_intent(payments, amount)
    assert refused.value.reason == reason


async def test_unknown_object_is_refused(payments: StripePayments) -> None:
    with pytest.raises(ProviderRefused) as intent:
        await payments.get_intent("pi_nothing")
    with pytest.raises(ProviderRefused) as refund:
        await payments.get_refund("re_nothing")
    with pytest.raises(ProviderRefused) as method:
        await payments.confirm_intent((await new_intent(payments)).id, "pm_nothing", RETURN_URL, key())
    assert {intent.value.reason, refund.value.reason, method.value.reason} == {"resource_missing"}


async def test_wrong_key_is_ours_to_mend_and_no_answer_about_the_money(sandbox: Sandbox) -> None:
    payments = StripePayments(sandbox.settings(stripe_api_key=SecretStr("sk_test_other")))
    with pytest.raises(ProviderUnavailable):
        await payments.create_intent(REQUEST, key())
    await payments.aclose()


async def test_secrets_reach_neither_logs_nor_errors(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    secret = "sk_test_" + uuid.uuid4().hex
    caplog.set_level(logging.DEBUG)
    wrong = StripePayments(sandbox.settings(stripe_api_key=SecretStr(secret)))
    with pytest.raises(ProviderUnavailable) as refused:
        await wrong.create_intent(REQUEST, key())
    right = StripePayments(sandbox.settings())
    intent = await pay(right, "pm_card_chargeDeclined")
    sandbox.fault("payment_intents.retrieve", "error_500")
    with pytest.raises(OutcomeUnknown) as unknown:
        await right.get_intent(intent.id)
    visible = caplog.text + repr(wrong) + repr(right)
    for error in (refused.value, unknown.value):
        assert error.__cause__ is None
        assert error.__context__ is None
        visible += "".join(traceback.format_exception(error)) + repr(vars(error))
    assert secret not in visible
    assert "sk_test_sandbox" not in visible
    assert str(intent.client_secret) not in visible
    await wrong.aclose()
    await right.aclose()


async def test_registry_names_its_providers(sandbox: Sandbox) -> None:
    providers = payment_providers(sandbox.settings())
    assert {name: provider.name for name, provider in providers.items()} == {
        name: name for name in ("stripe", "payjp_v1", "payjp_v2")
    }
    for provider in providers.values():
        await provider.aclose()
