"""What a sandbox provider took and gave back, by its own lists, which also have what we do not know."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from domain.payments.providers import ProviderName
from runtime.settings import Settings

_PAGE = 100


@dataclass(frozen=True, slots=True)
class Taking:
    """One charge or intent at the provider; minor units. ``booking_id``: of the metadata, empty without one."""

    intent_id: str
    booking_id: str
    captured: int
    refunded: int


def takings(provider: str, settings: Settings, http: httpx.Client) -> list[Taking]:
    """Everything that the provider has a record of. Blocks."""
    if provider == ProviderName.PAYJP_V1:
        return [_of_charge(charge) for charge in _charges(settings, http)]
    if provider == ProviderName.PAYJP_V2:
        url, key = f"{settings.payjp_base_url}/v2/payment_flows", settings.payjp_api_key
    else:
        url, key = f"{settings.stripe_base_url}/v1/payment_intents", settings.stripe_api_key
    headers = {"Authorization": f"Bearer {key.get_secret_value()}"}
    return [
        Taking(intent["id"], _booking(intent), intent["amount_received"], _refunded(url, intent, headers, http))
        for intent in _pages(url, headers, http)
    ]


def _charges(settings: Settings, http: httpx.Client) -> Iterator[dict[str, Any]]:
    auth, offset = (settings.payjp_api_key.get_secret_value(), ""), 0
    while True:
        params = {"limit": _PAGE, "offset": offset}
        listed = http.get(f"{settings.payjp_base_url}/v1/charges", params=params, auth=auth).json()
        yield from listed["data"]
        if not listed["has_more"]:
            return
        offset += _PAGE


def _of_charge(charge: dict[str, Any]) -> Taking:
    """What a partial capture released counts as refunded at PAY.JP."""
    released = int(charge["metadata"].get("omo_released", "0"))
    captured = charge["amount"] - released if charge["captured"] else 0
    refunded = charge["amount_refunded"] - released if charge["captured"] else 0
    return Taking(charge["customer"] or charge["id"], _booking(charge), captured, refunded)


def _pages(url: str, headers: dict[str, str], http: httpx.Client) -> Iterator[dict[str, Any]]:
    params: dict[str, Any] = {"limit": _PAGE}
    while True:
        listed = http.get(url, params=params, headers=headers).json()
        yield from listed["data"]
        if not listed["has_more"]:
            return
        params = {"limit": _PAGE, "starting_after": listed["data"][-1]["id"]}


def _refunded(url: str, intent: dict[str, Any], headers: dict[str, str], http: httpx.Client) -> int:
    """Refunds are objects of their own at Stripe and PAY.JP v2."""
    if not intent["amount_received"]:
        return 0
    if url.endswith("/payment_flows"):
        found = http.get(f"{url}/{intent['id']}/refunds", params={"limit": _PAGE}, headers=headers)
    else:
        address = url.replace("payment_intents", "refunds")
        found = http.get(address, params={"payment_intent": intent["id"], "limit": _PAGE}, headers=headers)
    return sum(refund["amount"] for refund in found.json()["data"] if refund["status"] == "succeeded")


def _booking(of: dict[str, Any]) -> str:
    return str((of.get("metadata") or {}).get("booking_id", ""))
