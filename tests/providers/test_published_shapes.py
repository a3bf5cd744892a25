"""The sandbox's objects have the fields that the providers publish, so that our adapters are not only tested against
ourselves. PAY.JP v2's are read by its SDK's models, generated from its OpenAPI description, in every test that uses
its adapter.
"""

from typing import Any

import pytest
import stripe

from domain.payments.dispute_evidence import EvidenceFile, EvidencePart, EvidenceTexts
from providers.payments.interface import CaptureMethod
from providers.payments.payjp_v1 import PayjpV1Payments
from providers.payments.stripe import StripePayments
from tests.providers.adapters import AdapterCase, new_key
from tests.support.sandbox import Sandbox

#: Fields of v1's objects with their JSON types, as PAY.JP's own client for Go reads them (github.com/payjp/payjp-go,
#: v1/charge.go, customer.go, card.go and event.go). v1 has no published OpenAPI description.
PAYJP_V1: dict[str, dict[str, tuple[type, ...]]] = {
    "charge": {
        "amount": (int,),
        "amount_refunded": (int,),
        "captured": (bool,),
        "captured_at": (int, type(None)),
        "card": (dict,),
        "created": (int,),
        "currency": (str,),
        "customer": (str, type(None)),
        "description": (str, type(None)),
        "expired_at": (int, type(None)),
        "failure_code": (str, type(None)),
        "failure_message": (str, type(None)),
        "id": (str,),
        "livemode": (bool,),
        "object": (str,),
        "paid": (bool,),
        "refund_reason": (str, type(None)),
        "refunded": (bool,),
        "subscription": (str, type(None)),
        "metadata": (dict,),
        "fee_rate": (str,),
        "three_d_secure_status": (str, type(None)),
    },
    "card": {
        **dict.fromkeys(("id", "object", "brand", "country", "fingerprint", "last4", "cvc_check"), (str,)),
        **dict.fromkeys(("created", "exp_month", "exp_year"), (int,)),
        **{name: (str, type(None)) for name in ("customer", "name", "three_d_secure_status")},
        "livemode": (bool,),
        "metadata": (dict,),
    },
}
STRIPE = {
    "payment_intents": stripe.PaymentIntent,
    "charges": stripe.Charge,
    "refunds": stripe.Refund,
    "disputes": stripe.Dispute,
    "files": stripe.File,
    "events": stripe.Event,
}


def misfits(shape: dict[str, tuple[type, ...]], found: dict[str, Any]) -> dict[str, Any]:
    """Fields that are missing, of another type, or not known there."""
    wrong = {name: found.get(name, "missing") for name, kinds in shape.items() if type(found.get(name)) not in kinds}
    return wrong | {name: "unknown" for name in found if name not in shape}


async def test_charges_and_cards_of_payjp_v1_are_as_published(payjp_v1: PayjpV1Payments, sandbox: Sandbox) -> None:
    tested = AdapterCase(payjp_v1, sandbox)
    await tested.pay()
    await tested.pay("declined")
    held = await tested.pay(capture=CaptureMethod.MANUAL)
    await payjp_v1.cancel_intent(held.id, new_key())
    key = sandbox.settings().payjp_api_key.get_secret_value()
    listed = sandbox.http.get(f"{sandbox.url}/payjp/v1/charges", params={"limit": 100}, auth=(key, "")).json()
    assert set(listed) == {"object", "url", "has_more", "count", "data"}
    assert len(listed["data"]) == 3
    for charge in listed["data"]:
        assert misfits(PAYJP_V1["charge"], charge) == {}
        assert misfits(PAYJP_V1["card"], charge["card"]) == {}


@pytest.mark.parametrize("name", sorted(STRIPE))
async def test_stripes_objects_have_no_field_that_stripe_does_not_publish(
    payments: StripePayments, sandbox: Sandbox, name: str
) -> None:
    tested = AdapterCase(payments, sandbox)
    paid = await tested.pay()
    await payments.create_refund(paid.id, 100, new_key(), {})
    dispute = sandbox.post("/sandbox/disputes", {"payment_intent": (await tested.pay()).id})
    texts, files = EvidenceTexts("2027-02-20", "", "", ""), [EvidenceFile(EvidencePart.POLICY, b"%PDF-1.7")]
    await payments.send_evidence(dispute["id"], texts, files, new_key())
    key = sandbox.settings().stripe_api_key.get_secret_value()
    headers = {"Authorization": f"Bearer {key}"}
    listed = sandbox.http.get(f"{sandbox.url}/v1/{name}", headers=headers).json()["data"]
    assert listed
    published = _fields(STRIPE[name])
    for found in listed:
        assert set(found) - published == set()


def _fields(kind: type[stripe.StripeObject]) -> set[str]:
    """What Stripe's SDK, generated from its OpenAPI description, knows of an object."""
    return {name for base in kind.__mro__ for name in getattr(base, "__annotations__", {})}
