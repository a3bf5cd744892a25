"""The calls of PAY.JP's v2 API that the sandbox has."""

from collections import Counter

from fastapi import APIRouter

from providers.sandbox.deliveries import Deliveries
from providers.sandbox.faults import Faults
from providers.sandbox.payjp.balances import Balances
from providers.sandbox.payjp.checkouts import Checkouts
from providers.sandbox.payjp.flows import PREFIX, Flows, V2Wire
from providers.sandbox.payjp.server import Operation, PayjpServer, Run, operation
from providers.sandbox.store import Store

_PAGING = ("limit", "starting_after", "ending_before")
_CREATE = (
    *("amount", "customer_id", "payment_method_id", "payment_method_options", "payment_method_types", "currency"),
    *("capture_method", "confirm", "return_url", "redirect_options", "description", "metadata"),
)
#: CheckoutSessionCreateRequest of PAY.JP's SDK ``payjpv2``.
_CHECKOUT = (
    *("mode", "client_reference_id", "customer_id", "customer_email", "customer_creation", "line_items", "metadata"),
    *("success_url", "cancel_url", "redirect_options", "currency", "expires_at", "locale", "payment_method_types"),
    *("payment_method_options", "payment_flow_data", "submit_type", "setup_flow_data", "ui_mode"),
)
_CONFIRM = (
    *("payment_method_id", "payment_method_options", "payment_method_types", "capture_method"),
    *("return_url", "description"),
)


def v2_api(
    key: str,
    flows: Flows,
    checkouts: Checkouts,
    balances: Balances,
    store: Store,
    faults: Faults,
    deliveries: Deliveries,
    calls: Counter[str],
) -> APIRouter:
    """Answers under ``/payjp/v2``."""
    operations = [*_operations(flows), *_checkouts(checkouts), *_balance_operations(balances)]
    server = PayjpServer(V2Wire(key), operations, store, faults, deliveries, calls)
    return server.router


def _checkouts(checkouts: Checkouts) -> list[Operation]:
    path = "/checkout/sessions"
    return [
        one("checkouts.create", f"POST {path}", lambda _, p: checkouts.create(p), *_CHECKOUT),
        one("checkouts.retrieve", f"GET {path}/{{id}}", lambda ids, _: checkouts.get(ids[0])),
        one("checkouts.expire", f"POST {path}/{{id}}/expire", lambda ids, _: checkouts.expire(ids[0])),
    ]


def one(name: str, call: str, run: Run, *params: str) -> Operation:
    """An operation of v2."""
    return operation(PREFIX, f"payjp_v2.{name}", call, run, *params)


def _balance_operations(balances: Balances) -> list[Operation]:
    return [
        one(
            "balances.list",
            "GET /balances",
            lambda _, p: balances.list_(p),
            *(*_PAGING, "since", "until", "state", "closed", "since_due_date", "until_due_date"),
        ),
        one("balances.retrieve", "GET /balances/{id}", lambda ids, _: balances.get(ids[0])),
        one(
            "payment_transactions.list",
            "GET /payment_transactions",
            lambda _, p: balances.transactions(p),
            *(*_PAGING, "term_id", "type", "payment_method_type"),
        ),
    ]


def _operations(flows: Flows) -> list[Operation]:
    flow = "/payment_flows/{id}"
    return [
        one(
            "customers.create",
            "POST /customers",
            lambda _, p: flows.create_customer(p),
            *("id", "email", "description", "metadata", "payment_method_id"),
        ),
        one("customers.retrieve", "GET /customers/{id}", lambda ids, _: flows.get("customer", ids[0])),
        one("payment_methods.retrieve", "GET /payment_methods/{id}", lambda ids, _: flows.method(ids[0])),
        one(
            "payment_methods.attach",
            "POST /payment_methods/{id}/attach",
            lambda ids, p: flows.attach(ids[0], p),
            "customer_id",
        ),
        one("payment_flows.create", "POST /payment_flows", lambda _, p: flows.create(p), *_CREATE),
        one("payment_flows.list", "GET /payment_flows", lambda _, p: flows.list_flows(p), *_PAGING, "customer_id"),
        one("payment_flows.retrieve", f"GET {flow}", lambda ids, _: flows.get("payment_flow", ids[0])),
        one("payment_flows.confirm", f"POST {flow}/confirm", lambda ids, p: flows.confirm(ids[0], p), *_CONFIRM),
        one(
            "payment_flows.capture",
            f"POST {flow}/capture",
            lambda ids, p: flows.capture(ids[0], p),
            "amount_to_capture",
        ),
        one("payment_flows.cancel", f"POST {flow}/cancel", lambda ids, _: flows.cancel(ids[0]), "cancellation_reason"),
        one("payment_flows.refunds", f"GET {flow}/refunds", lambda ids, p: flows.list_refunds(ids[0], p), *_PAGING),
        one(
            "payment_refunds.create",
            "POST /payment_refunds",
            lambda _, p: flows.refund(p),
            *("payment_flow_id", "amount", "reason", "metadata"),
        ),
        one(
            "payment_refunds.retrieve", "GET /payment_refunds/{id}", lambda ids, _: flows.get("payment_refund", ids[0])
        ),
        one(
            "payment_disputes.list",
            "GET /payment_disputes",
            lambda _, p: flows.list_disputes(p),
            *(*_PAGING, "payment_flow_id", "status"),
        ),
        one(
            "payment_disputes.retrieve",
            "GET /payment_disputes/{id}",
            lambda ids, _: flows.get("payment_dispute", ids[0]),
        ),
    ]
