"""Customers and the cards that are stored for them: Stripe's rules about using a card again."""

import time
from collections.abc import Mapping
from typing import Any

from providers.sandbox.cards import PAYMENT_METHODS
from providers.sandbox.store import JSON, Store
from providers.sandbox.wire import StripeFailure, metadata, missing, new_id, required

Answer = tuple[int, JSON]


class Customers:
    """Every method is part of a transaction of the caller's.

    A card belongs to an intent alone until it is attached to a customer, which only a card can that was confirmed
    with ``setup_future_usage``.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, params: Mapping[str, Any]) -> Answer:
        """Without a name or an address: they are not needed here."""
        customer: JSON = {
            "id": new_id("cus"),
            "object": "customer",
            "created": int(time.time()),
            "livemode": False,
            "metadata": metadata(params),
        }
        self._store.put(customer)
        return 200, customer

    def get(self, customer_id: str) -> JSON:
        """The customer that a parameter names."""
        found = self._store.find("customer", customer_id)
        if found is None:
            raise missing("customer", customer_id, "customer")
        return found

    def retrieve(self, method_id: str) -> Answer:
        """A card. One that was used once and not stored is shown without a customer."""
        return 200, self._method(method_id)

    def attach(self, method_id: str, params: Mapping[str, Any]) -> Answer:
        """Attach a stored card to a customer; a second call changes nothing."""
        customer = self.get(required(params, "customer"))
        method = self._method(method_id)
        if "_card" not in method:
            message = (
                "This PaymentMethod was previously used without being attached to a Customer or was detached from a "
                "Customer, and may not be used again."
            )
            raise StripeFailure(400, message, param="payment_method")
        if method["customer"] not in {None, customer["id"]}:
            raise StripeFailure(400, "The payment method is already attached to a customer.", param="customer")
        method["customer"] = customer["id"]
        self._store.put(method)
        return 200, method

    def use(self, method_id: str, intent: JSON) -> tuple[str, str]:
        """The id of the card that an intent is confirmed with, and the test card that it is."""
        kept = self._store.find("payment_method", method_id)
        if kept is not None:
            own = method_id == intent["payment_method"]
            if kept["customer"] != intent["customer"] or not (own or kept["customer"]):
                message = (
                    f"The provided PaymentMethod {method_id} does not belong to the Customer of this PaymentIntent."
                )
                raise StripeFailure(400, message, param="payment_method")
            return method_id, str(kept["_card"])
        if method_id not in PAYMENT_METHODS:
            raise missing("PaymentMethod", method_id, "payment_method")
        if intent["setup_future_usage"] is None:
            return method_id, method_id
        method = _method(new_id("pm"), PAYMENT_METHODS[method_id].brand) | {"_card": method_id}
        self._store.put(method)
        return str(method["id"]), method_id

    def _method(self, method_id: str) -> JSON:
        found = self._store.find("payment_method", method_id)
        if found is not None:
            return found
        if method_id not in PAYMENT_METHODS:
            raise missing("PaymentMethod", method_id, "payment_method")
        return _method(method_id, PAYMENT_METHODS[method_id].brand)


def _method(method_id: str, brand: str) -> JSON:
    return {
        "id": method_id,
        "object": "payment_method",
        "card": {"brand": brand},
        "created": int(time.time()),
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }
