"""The sandbox server: it keeps its data, it is as strict as the original, and it ends on a signal."""

import json
import signal
import stat
import uuid
from pathlib import Path

import httpx
import pytest

from domain.payments.status import PaymentStatus
from providers.email.sendgrid import SendGridEmail
from providers.payments.stripe import StripePayments
from tests.providers.test_sendgrid import email
from tests.providers.test_stripe_payments import RETURN_URL, key, new_intent, pay
from tests.support.sandbox import Sandbox, free_port, running_receiver, running_sandbox

FORM = {"amount": "500", "currency": "jpy"}


def call(
    sandbox: Sandbox, method: str, path: str, form: dict[str, str] | None = None, **headers: str
) -> httpx.Response:
    """Stripe's API without the SDK."""
    given = {"Authorization": "Bearer sk_test_sandbox"} | headers
    if method == "GET":
        return sandbox.http.get(sandbox.url + path, params=form, headers=given)
    return sandbox.http.post(sandbox.url + path, data=form, headers=given)


async def test_killed_server_has_forgotten_nothing(tmp_path: Path) -> None:
    port = free_port()
    target = f"http://127.0.0.1:{port}"
    arguments = ("--webhook-pause", "0.05", "--stripe-webhook-url", target, "--sendgrid-webhook-url", target)
    with running_sandbox(tmp_path, *arguments) as sandbox:
        payments, mail = StripePayments(sandbox.settings()), SendGridEmail(sandbox.settings())
        same = key()
        intent = await new_intent(payments)
        paid = await payments.confirm_intent(intent.id, "pm_card_visa", RETURN_URL, same)
        await mail.send(email())
        public_key = (tmp_path / "sendgrid_public_key.txt").read_text()
        sandbox.fault("payment_intents.create", "rate_limited")

        sandbox.restart(signal.SIGKILL)

        assert (tmp_path / "sendgrid_public_key.txt").read_text() == public_key
        assert await payments.get_intent(intent.id) == paid
        assert await payments.confirm_intent(intent.id, "pm_card_visa", RETURN_URL, same) == paid
        assert len(sandbox.get("/mailbox.json")["messages"]) == 1
        assert [fault["kind"] for fault in sandbox.get("/sandbox/faults")["faults"]] == ["rate_limited"]
        # Nobody has listened so far: the webhooks are still to come, with good signatures.
        async with running_receiver(port) as receiver:
            received = await receiver.wait(3)
        [event] = [one for one in received if "stripe-signature" in one.headers]
        assert payments.parse_webhook(event.body, event.headers).intent_id == intent.id
        for one in received:
            if one is not event:
                assert mail.parse_webhook(one.body, one.headers)[0].notice_id == "n-1"
        await payments.aclose()
        await mail.aclose()


def test_sigterm_ends_it_even_while_an_answer_is_withheld(tmp_path: Path) -> None:
    with running_sandbox(tmp_path) as sandbox:
        assert (tmp_path / "address.txt").read_text().strip() == sandbox.url
        assert stat.S_IMODE((tmp_path / "sendgrid_private_key.pem").stat().st_mode) == 0o600
        sandbox.fault("payment_intents.create", "timeout_after_success", seconds=60)
        with pytest.raises(httpx.ReadTimeout):
            sandbox.http.post(
                sandbox.url + "/v1/payment_intents",
                data=FORM,
                headers={"Authorization": "Bearer sk_test_sandbox"},
                timeout=0.3,
            )
        assert sandbox.stop(signal.SIGTERM) == 0
        assert not (tmp_path / "address.txt").exists()


def test_taken_port_is_said(sandbox: Sandbox, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    other = Sandbox(tmp_path)
    other.url = sandbox.url
    with pytest.raises(RuntimeError, match="ended with 1"):
        other.start()
    other.http.close()
    assert "cannot listen on" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("method", "path", "form", "status", "code"),
    [
        ("POST", "/v1/payment_intents", {"currency": "jpy"}, 400, "parameter_missing"),
        ("POST", "/v1/payment_intents", FORM | {"amount": "1.5"}, 400, "parameter_invalid_integer"),
        ("POST", "/v1/payment_intents", FORM | {"colour": "red"}, 400, "parameter_unknown"),
        (
            *("POST", "/v1/payment_intents", FORM | {"payment_method_types[]": "card"}),
            *(400, "payment_method_types_no_longer_supported"),
        ),
        ("POST", "/v1/refunds", {}, 400, "parameter_missing"),
        ("GET", "/v1/payment_intents/pi_nothing", {}, 404, "resource_missing"),
        ("GET", "/v1/nonsense", {}, 404, None),
    ],
)
def test_sandbox_is_as_strict_as_the_original(
    sandbox: Sandbox, method: str, path: str, form: dict[str, str], status: int, code: str | None
) -> None:
    answer = call(sandbox, method, path, form)
    error = answer.json()["error"]
    assert (answer.status_code, error.get("code"), error["type"]) == (status, code, "invalid_request_error")
    assert answer.headers["request-id"].startswith("req_")


def test_bad_parameter_is_not_remembered_by_the_key(sandbox: Sandbox) -> None:
    same = {"Idempotency-Key": str(uuid.uuid4())}
    assert call(sandbox, "POST", "/v1/payment_intents", FORM | {"amount": "x"}, **same).status_code == 400
    assert call(sandbox, "POST", "/v1/payment_intents", FORM, **same).status_code == 200


def test_sandbox_refuses_requests_without_a_key(sandbox: Sandbox) -> None:
    for header in ("", "Bearer sk_wrong", "Basic !!"):
        answer = call(sandbox, "GET", "/v1/payment_intents", Authorization=header)
        assert (answer.status_code, answer.json()["error"]["type"]) == (401, "invalid_request_error")
    assert sandbox.http.get(sandbox.url + "/v1/events", auth=("sk_test_sandbox", "")).status_code == 200


def test_well_known_number_stands_for_its_card(sandbox: Sandbox) -> None:
    made = call(sandbox, "POST", "/v1/payment_intents", FORM).json()
    path = f"/v1/payment_intents/{made['id']}/confirm"
    number = "payment_method_data[card][number]"
    declined = call(sandbox, "POST", path, {number: "4000000000009995", "payment_method_data[type]": "card"})
    assert declined.status_code == 402
    assert declined.json()["error"]["decline_code"] == "insufficient_funds"
    assert declined.json()["error"]["payment_intent"]["status"] == "requires_payment_method"
    assert call(sandbox, "POST", path, {number: "4242 4242 4242 4242"}).json()["status"] == "succeeded"
    assert "4242424242424242" not in json.dumps(sandbox.get("/sandbox/state"))


def test_lists_are_paged_newest_first(sandbox: Sandbox) -> None:
    made = [call(sandbox, "POST", "/v1/payment_intents", FORM).json()["id"] for _ in range(5)]
    first = call(sandbox, "GET", "/v1/payment_intents", {"limit": "3"}).json()
    assert ([one["id"] for one in first["data"]], first["has_more"]) == (made[:1:-1], True)
    rest = call(sandbox, "GET", "/v1/payment_intents", {"limit": "3", "starting_after": made[2]}).json()
    assert ([one["id"] for one in rest["data"]], rest["has_more"]) == (made[1::-1], False)
    none = call(sandbox, "GET", "/v1/payment_intents", {"created[gt]": "99999999999"}).json()
    assert none["data"] == []


async def test_lists_belong_to_their_intent(payments: StripePayments, sandbox: Sandbox) -> None:
    one, other = await pay(payments), await pay(payments)
    refund = await payments.create_refund(one.id, 100, key(), {})
    found = call(sandbox, "GET", "/v1/refunds", {"payment_intent": one.id}).json()["data"]
    assert [each["id"] for each in found] == [refund.id]
    assert call(sandbox, "GET", "/v1/refunds", {"payment_intent": other.id}).json()["data"] == []
    [charge] = call(sandbox, "GET", "/v1/charges", {"payment_intent": one.id}).json()["data"]
    shown = call(sandbox, "GET", f"/v1/charges/{charge['id']}", {"expand[]": "payment_intent"}).json()
    assert (shown["amount_refunded"], shown["payment_intent"]["id"]) == (100, one.id)
    events = call(sandbox, "GET", "/v1/events", {"type": "refund.created"}).json()["data"]
    assert [event["data"]["object"]["id"] for event in events] == [refund.id]


async def test_faults_count_down_and_clear(payments: StripePayments, sandbox: Sandbox) -> None:
    sandbox.fault("payment_intents.create", "rate_limited", times=3)
    sandbox.fault("*", "rate_limited", times=None)
    assert sandbox.get("/sandbox/faults")["faults"][0]["remaining"] == 3
    sandbox.http.delete(sandbox.url + "/sandbox/faults")
    assert (await new_intent(payments)).status is PaymentStatus.REQUIRES_PAYMENT


@pytest.mark.parametrize(
    "order",
    [
        {"operation": "webhook", "kind": "error_500"},
        {"operation": "*", "kind": "duplicate"},
        {"operation": "*", "kind": "nonsense"},
        {"operation": "*", "kind": "delay", "times": 0},
    ],
)
def test_fault_that_cannot_be_is_refused(sandbox: Sandbox, order: dict[str, object]) -> None:
    assert sandbox.http.post(sandbox.url + "/sandbox/faults", json=order).status_code == 422
    assert sandbox.get("/sandbox/faults")["faults"] == []


async def test_orders_that_make_no_sense_are_refused(payments: StripePayments, sandbox: Sandbox) -> None:
    intent = await pay(payments)
    for path in (f"payment_intents/{intent.id}/succeed", f"payment_intents/{intent.id}/dance", "refunds/re_1/fail"):
        assert sandbox.http.post(f"{sandbox.url}/sandbox/{path}").status_code in {400, 404}
    assert (await payments.get_intent(intent.id)) == intent


async def test_first_page_shows_what_there_is(payments: StripePayments, sandbox: Sandbox) -> None:
    intent = await pay(payments, "pm_card_threeDSecure2Required")
    sandbox.fault("payment_intents.capture", "delay")
    page = sandbox.http.get(sandbox.url + "/").text
    assert intent.id in page
    assert f"/sandbox/3ds/{intent.id}" in page
    assert "payment_intents.capture" in page
    assert "/mailbox" in page
    assert "Simulated failures" in page
    assert "(Japan time)" in page
    assert "¥" in page
