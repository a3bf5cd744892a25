"""PAY.JP v2's own payment page, over HTTP with its SDK."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.money import Money
from domain.payments.status import PaymentStatus
from providers.errors import ProviderRefused
from providers.payments.interface import Checkout, CheckoutRequest
from providers.payments.payjp_v2 import PayjpV2Payments
from providers.payments.registry import LIMITS, payment_providers
from tests.providers.adapters import RETURN_URL, new_key
from tests.support.sandbox import Receiver, Sandbox

P = PaymentStatus


def request(**more: Any) -> CheckoutRequest:
    expires_at = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=10)
    values: dict[str, Any] = {
        "item": "ヘアサロン花 ご予約 A7C9DFHK",
        "return_url": RETURN_URL,
        "expires_at": expires_at,
    }
    return CheckoutRequest(Money(5000), **{**values, "metadata": {"payment_id": "p-1"}, **more})


def choose(sandbox: Sandbox, page: Checkout, method: str) -> str:
    """What the customer chooses on the page; gives where the browser goes."""
    answer = sandbox.http.post(f"{sandbox.url}/sandbox/payjp/checkout/{page.id}/{method}")
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def test_open_checkout_gives_a_page_that_is_open(payjp_v2: PayjpV2Payments, sandbox: Sandbox) -> None:
    asked = request()
    page = await payjp_v2.open_checkout(asked, new_key())
    assert (page.is_open, page.intent_id, page.expires_at) == (True, None, asked.expires_at)
    assert "5,000" in sandbox.http.get(page.url).text
    assert await payjp_v2.get_checkout(page.id) == page


async def test_open_checkout_with_one_key_makes_one(payjp_v2: PayjpV2Payments, sandbox: Sandbox) -> None:
    asked, key = request(), new_key()
    sandbox.fault("payjp_v2.checkouts.create", "error_500_after_success")
    with pytest.raises(Exception, match="payjp_wrong"):
        await payjp_v2.open_checkout(asked, key)
    page = await payjp_v2.open_checkout(asked, key)
    assert (await payjp_v2.open_checkout(asked, key)).id == page.id
    assert sandbox.get("/sandbox/state")["objects"]["payjp.v2.checkout"] == 1


@pytest.mark.parametrize("method", ["pm_visa", "pm_paypay", "pm_challenge"])
async def test_customer_pays_on_the_page(
    payjp_v2: PayjpV2Payments, sandbox: Sandbox, receiver: Receiver, method: str
) -> None:
    page = await payjp_v2.open_checkout(request(), new_key())
    target = choose(sandbox, page, method)
    if method != "pm_visa":
        assert "/sandbox/payjp/3ds/" in target
        target = sandbox.http.post(target + "/authorize").headers["location"]
    assert target == RETURN_URL
    done = await payjp_v2.get_checkout(page.id)
    assert not done.is_open
    assert done.intent_id is not None
    paid = await payjp_v2.get_intent(done.intent_id)
    assert (paid.status, paid.captured, paid.metadata["payment_id"]) == (P.CAPTURED, 5000, "p-1")
    await receiver.wait_until(lambda: any(b"checkout.session.completed" in one.body for one in receiver.received))
    events = [payjp_v2.parse_webhook(one.body, one.headers) for one in receiver.received]
    by_type = {event.type: event for event in events}
    flow, session = by_type["payment_flow.succeeded"], by_type["checkout.session.completed"]
    assert flow.intent is not None
    assert (flow.intent.captured, flow.intent.metadata) == (5000, {"payment_id": "p-1"})
    assert (session.intent_id, session.intent) == (done.intent_id, None), "the flow's own event has the money"


async def test_close_checkout_before_a_choice_ends_it(payjp_v2: PayjpV2Payments, sandbox: Sandbox) -> None:
    page = await payjp_v2.open_checkout(request(), new_key())
    assert await payjp_v2.close_checkout(page.id, new_key()) is None
    assert await payjp_v2.close_checkout(page.id, new_key()) is None, "a repeat changes nothing"
    assert not (await payjp_v2.get_checkout(page.id)).is_open
    assert sandbox.http.post(f"{sandbox.url}/sandbox/payjp/checkout/{page.id}/pm_visa").status_code == 400


async def test_close_checkout_ends_what_was_begun(payjp_v2: PayjpV2Payments, sandbox: Sandbox) -> None:
    """The customer is at 3-D Secure: its flow must end too, or it is paid after the hold."""
    page = await payjp_v2.open_checkout(request(), new_key())
    bank = choose(sandbox, page, "pm_challenge")
    closed = await payjp_v2.close_checkout(page.id, new_key())
    assert closed is not None
    assert (closed.status, closed.captured) == (P.VOIDED, 0)
    assert sandbox.http.post(bank + "/authorize").status_code == 400


async def test_close_checkout_that_is_paid_gives_the_money_back_to_the_caller(
    payjp_v2: PayjpV2Payments, sandbox: Sandbox
) -> None:
    page = await payjp_v2.open_checkout(request(), new_key())
    choose(sandbox, page, "pm_visa")
    paid = await payjp_v2.close_checkout(page.id, new_key())
    assert paid is not None
    assert (paid.status, paid.captured) == (P.CAPTURED, 5000)


async def test_declined_card_leaves_the_page_open(payjp_v2: PayjpV2Payments, sandbox: Sandbox) -> None:
    page = await payjp_v2.open_checkout(request(), new_key())
    assert page.id in choose(sandbox, page, "pm_declined")
    assert (await payjp_v2.get_checkout(page.id)).is_open
    assert choose(sandbox, page, "pm_visa") == RETURN_URL


@pytest.mark.parametrize("by", [timedelta(seconds=-1), timedelta(hours=25)])
async def test_open_checkout_ends_within_a_day(payjp_v2: PayjpV2Payments, by: timedelta) -> None:
    with pytest.raises(ProviderRefused):
        await payjp_v2.open_checkout(request(expires_at=datetime.now(UTC) + by), new_key())


@pytest.mark.parametrize("name", ["stripe", "payjp_v1"])
async def test_open_checkout_is_refused_where_there_is_no_page(sandbox: Sandbox, name: str) -> None:
    adapters = payment_providers(sandbox.settings())
    assert not LIMITS[name].checkout
    with pytest.raises(ProviderRefused, match="checkout_not_offered"):
        await adapters[name].open_checkout(request(), new_key())
    assert await adapters[name].close_checkout("cs_1", new_key()) is None
    await adapters.aclose()


@pytest.mark.parametrize("name", ["payjp_v1", "payjp_v2"])
async def test_make_voucher_is_refused_where_there_are_none(sandbox: Sandbox, name: str) -> None:
    adapters = payment_providers(sandbox.settings())
    assert LIMITS[name].voucher is None
    with pytest.raises(ProviderRefused, match="voucher_not_offered"):
        await adapters[name].make_voucher("pi_1", None, new_key())  # type: ignore[arg-type]
    await adapters.aclose()
