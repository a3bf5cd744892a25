"""While a secret is exchanged, webhooks that carry the new one or the one before are believed; no others."""

import json
from collections.abc import Mapping

import pytest
from pydantic import SecretStr

from domain.errors import ForgedWebhook
from providers.payments.payjp_v1 import PayjpV1Payments
from providers.payments.payjp_v2 import PayjpV2Payments
from providers.payments.stripe import StripePayments
from runtime.settings import Settings
from tests.providers.test_stripe_webhooks import BODY, signed

ADAPTERS = (StripePayments, PayjpV1Payments, PayjpV2Payments)
V1 = {"object": "event", "id": "evnt_1", "type": "plan.created", "created": 1_700_000_000, "data": {"object": "plan"}}
V2 = {**V1, "type": "product.created", "created_at": "2026-11-24T03:00:00Z"}


def webhook(adapter: type, secret: str) -> tuple[bytes, Mapping[str, str]]:
    """A webhook of a type that we only store."""
    if adapter is StripePayments:
        return BODY, signed(BODY, secret=secret)
    body = json.dumps(V1 if adapter is PayjpV1Payments else V2).encode()
    return body, {"x-payjp-webhook-token": secret}


def settings(new: str, before: str) -> Settings:
    return Settings(
        stripe_webhook_secret=SecretStr(new),
        stripe_webhook_previous_secret=SecretStr(before),
        payjp_webhook_token=SecretStr(new),
        payjp_webhook_previous_token=SecretStr(before),
    )


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize(
    ("new", "before", "sent", "believed"),
    [
        ("new", "", "new", True),
        ("new", "old", "new", True),
        ("new", "old", "old", True),
        ("new", "", "old", False),
        ("new", "old", "older", False),
        ("new", "", "", False),
        ("", "", "", False),
        ("", "old", "", False),
    ],
)
async def test_webhook_is_believed_with_the_secret_or_the_one_before(
    adapter: type[StripePayments | PayjpV1Payments | PayjpV2Payments], new: str, before: str, sent: str, believed: bool
) -> None:
    provider = adapter(settings(new, before))
    body, headers = webhook(adapter, sent)
    try:
        if believed:
            assert provider.parse_webhook(body, headers).id in {"evt_1", "evnt_1"}
        else:
            with pytest.raises(ForgedWebhook) as refused:
                provider.parse_webhook(body, headers)
            assert refused.value.details == {"reason": "signature"}
    finally:
        await provider.aclose()
