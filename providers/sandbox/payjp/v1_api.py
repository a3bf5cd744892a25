"""The calls of PAY.JP's v1 API that the sandbox has."""

from collections import Counter

from fastapi import APIRouter

from providers.sandbox.deliveries import Deliveries
from providers.sandbox.faults import Faults
from providers.sandbox.payjp.charges import PREFIX, Charges, V1Wire
from providers.sandbox.payjp.server import Operation, PayjpServer, Run, operation
from providers.sandbox.payjp.transfers import Transfers
from providers.sandbox.store import Store

_OFFSETS = ("limit", "offset", "since", "until")
_CREATE = (
    *("amount", "currency", "customer", "card", "description", "capture", "expiry_days", "metadata"),
    *("platform_fee", "three_d_secure"),
)


def v1_api(
    key: str,
    charges: Charges,
    transfers: Transfers,
    store: Store,
    faults: Faults,
    deliveries: Deliveries,
    calls: Counter[str],
) -> APIRouter:
    """Answers under ``/payjp/v1``."""
    server = PayjpServer(
        V1Wire(key), [*_operations(charges), *_transfer_operations(transfers)], store, faults, deliveries, calls
    )
    return server.router


def one(name: str, call: str, run: Run, *params: str) -> Operation:
    """An operation of v1."""
    return operation(PREFIX, f"payjp_v1.{name}", call, run, *params)


def _transfer_operations(transfers: Transfers) -> list[Operation]:
    return [
        one("transfers.list", "GET /transfers", lambda _, p: transfers.list_(p), *_OFFSETS, "status"),
        one("transfers.retrieve", "GET /transfers/{id}", lambda ids, _: transfers.get(ids[0])),
        one(
            "transfers.charges",
            "GET /transfers/{id}/charges",
            lambda ids, p: transfers.charges_of(ids[0], p),
            *(*_OFFSETS, "customer"),
        ),
    ]


def _operations(charges: Charges) -> list[Operation]:
    customer, charge = "/customers/{id}", "/charges/{id}"
    return [
        one(
            "customers.create",
            "POST /customers",
            lambda _, p: charges.create_customer(p),
            *("id", "email", "description", "card", "metadata"),
        ),
        one("customers.retrieve", f"GET {customer}", lambda ids, _: charges.get("customer", ids[0])),
        one(
            "customers.update",
            f"POST {customer}",
            lambda ids, p: charges.update_customer(ids[0], p),
            *("email", "description", "metadata"),
        ),
        one("cards.create", f"POST {customer}/cards", lambda ids, p: charges.add_card(ids[0], p), "card", "metadata"),
        one("cards.list", f"GET {customer}/cards", lambda ids, _: charges.list_cards(ids[0]), "limit", "offset"),
        one("tokens.retrieve", "GET /tokens/{id}", lambda ids, _: charges.token(ids[0])),
        one("charges.create", "POST /charges", lambda _, p: charges.create(p), *_CREATE),
        one(
            "charges.list",
            "GET /charges",
            lambda _, p: charges.list_charges(p),
            *("limit", "offset", "since", "until", "customer", "subscription"),
        ),
        one("charges.retrieve", f"GET {charge}", lambda ids, _: charges.get("charge", ids[0])),
        one(
            "charges.update",
            f"POST {charge}",
            lambda ids, p: charges.update(ids[0], p),
            *("description", "metadata"),
        ),
        one("charges.capture", f"POST {charge}/capture", lambda ids, p: charges.capture(ids[0], p), "amount"),
        one(
            "charges.refund",
            f"POST {charge}/refund",
            lambda ids, p: charges.refund(ids[0], p),
            "amount",
            "refund_reason",
        ),
        one("charges.tds_finish", f"POST {charge}/tds_finish", lambda ids, _: charges.finish(ids[0])),
    ]
