"""The calls of Stripe's API that the sandbox has: one table, and the same steps for each call.

authentication → parameters → fault → idempotency key → the work, in one transaction → the answer.
"""

import asyncio
import base64
import hashlib
import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from providers.sandbox.config import SandboxConfig
from providers.sandbox.customers import Customers
from providers.sandbox.deliveries import Deliveries
from providers.sandbox.faults import Fault, FaultKind, Faults, withhold
from providers.sandbox.files import Files, form_text
from providers.sandbox.intents import Answer, Intents
from providers.sandbox.refunds import Refunds
from providers.sandbox.store import JSON, Store
from providers.sandbox.webhook_events import API_VERSION, WebhookEvents
from providers.sandbox.wire import (
    StripeFailure,
    check_known,
    dump,
    error_body,
    integer,
    listed,
    missing,
    parse_form,
    shown,
)

Params = Mapping[str, Any]
Run = Callable[[tuple[str, ...], Params], Answer]

_PAGING = ("limit", "starting_after", "ending_before", "created")

_CREATE = (
    *("amount", "currency", "capture_method", "allowed_payment_method_types", "payment_method_types", "metadata"),
    *("payment_method", "payment_method_data", "description", "confirm", "return_url", "automatic_payment_methods"),
    *("customer", "off_session", "setup_future_usage"),
)


@dataclass(frozen=True, slots=True)
class Operation:
    """``name`` is what faults and counters call it; ``params`` are those that it takes besides ``expand``."""

    name: str
    method: str
    path: re.Pattern[str]
    params: tuple[str, ...]
    run: Run


def operation(name: str, call: str, run: Run, *params: str) -> Operation:
    """An operation from ``call``, such as ``POST /refunds/{id}``."""
    method, path = call.split(" ")
    pattern = re.compile("/v1" + path.replace("{id}", "([A-Za-z0-9_]+)"))
    return Operation(name, method, pattern, params, run)


def _customer_operations(customers: Customers) -> Iterator[Operation]:
    """What belongs to a card that is used again."""
    yield operation("customers.create", "POST /customers", lambda _, p: customers.create(p), "metadata")
    path = "/payment_methods/{id}"
    yield operation("payment_methods.retrieve", f"GET {path}", lambda ids, _: customers.retrieve(ids[0]))
    yield operation(
        "payment_methods.attach", f"POST {path}/attach", lambda ids, p: customers.attach(ids[0], p), "customer"
    )


class StripeApi:
    """Answers under ``/v1``."""

    def __init__(
        self,
        store: Store,
        config: SandboxConfig,
        faults: Faults,
        events: WebhookEvents,
        deliveries: Deliveries,
        intents: Intents,
        refunds: Refunds,
        customers: Customers,
        files: Files,
        calls: Counter[str],
    ) -> None:
        self._store = store
        self._config = config
        self._faults = faults
        self._events = events
        self._deliveries = deliveries
        self._calls = calls
        self._intents = intents
        self._operations = (*self._table(intents, refunds, files), *_customer_operations(customers))
        self.router = APIRouter(include_in_schema=False)
        self.router.add_api_route("/v1/{path:path}", self.call, methods=["GET", "POST", "DELETE"])

    async def call(self, request: Request) -> Response:
        """Handle one call."""
        request_id = "req_" + secrets.token_hex(7)
        try:
            self._authenticate(request.headers.get("authorization", ""))
            operation, ids = self._find(request.method, request.url.path)
            raw = await form_text(request) if request.method == "POST" else request.url.query
            params = parse_form(raw)
        except StripeFailure as failure:
            return _respond(failure.status, dump(failure.body), request_id)
        self._calls[operation.name] += 1
        fault = self._faults.take(operation.name)
        key = request.headers.get("idempotency-key") if request.method == "POST" else None
        early = await self._before(fault, request, raw, key, request_id)
        if early is not None:
            return early
        response = self._answer(operation, ids, params, request.url.path, raw, key, request_id)
        self._deliveries.wake()
        if fault is not None and fault.kind is FaultKind.TIMEOUT_AFTER_SUCCESS:
            await withhold(fault.seconds)
        if fault is not None and fault.kind is FaultKind.ERROR_500_AFTER_SUCCESS:
            return _respond(500, dump(_API_ERROR), request_id)
        return response

    async def _before(
        self, fault: Fault | None, request: Request, raw: str, key: str | None, request_id: str
    ) -> Response | None:
        """The answer of a fault that replaces the work."""
        match fault.kind if fault is not None else None:
            case FaultKind.DELAY if fault is not None:
                await asyncio.sleep(fault.seconds)
            case FaultKind.RATE_LIMITED:
                body = error_body("invalid_request_error", "Too many requests.", code="rate_limit")
                return _respond(429, dump(body), request_id)
            case FaultKind.ERROR_500:
                body_text = dump(_API_ERROR)
                if fault is not None and fault.stored and key and self._store.find_answer(key) is None:
                    path, digest = request.url.path, _digest(raw)
                    self._store.store_answer(key, path, digest, 500, body_text, request_id)
                return _respond(500, body_text, request_id)
        return None

    def _answer(
        self,
        operation: Operation,
        ids: tuple[str, ...],
        params: Params,
        path: str,
        raw: str,
        key: str | None,
        request_id: str,
    ) -> Response:
        digest = _digest(raw)
        try:
            if key is not None:
                replay = self._replay(key, path, digest, request_id)
                if replay is not None:
                    return replay
            check_known(params, operation.params)
            with self._store.transaction():
                self._events.request = {"id": request_id, "idempotency_key": key}
                status, body = operation.run(ids, params)
                text = dump(self._expanded(body, params.get("expand") or []) if status == 200 else body)
                if key is not None:
                    self._store.store_answer(key, path, digest, status, text, request_id)
        except StripeFailure as failure:
            status, text = failure.status, dump(failure.body)
            if key is not None and failure.is_stored:
                self._store.store_answer(key, path, digest, status, text, request_id)
        return _respond(status, text, request_id, key)

    def _replay(self, key: str, path: str, digest: str, request_id: str) -> Response | None:
        """Stripe API reference, "Idempotent requests"."""
        if len(key) > 255:
            raise StripeFailure(400, "The idempotency key is too long.", kind="idempotency_error", is_stored=False)
        row = self._store.find_answer(key)
        if row is None:
            return None
        if row["path"] != path or row["digest"] != digest:
            same = "endpoint" if row["path"] != path else "parameters"
            message = (
                f"Keys for idempotent requests can only be used with the same {same} they were first used with. "
                f"Try using a key other than '{key}' if you meant to execute a different request."
            )
            raise StripeFailure(400, message, kind="idempotency_error", is_stored=False)
        response = _respond(row["status"], row["body"], request_id, key)
        response.headers["Idempotent-Replayed"] = "true"
        response.headers["Original-Request"] = row["request_id"]
        return response

    def _authenticate(self, header: str) -> None:
        scheme, _, value = header.partition(" ")
        if scheme.lower() == "basic":
            value = base64.b64decode(value + "===").decode(errors="replace").partition(":")[0]
        if not secrets.compare_digest(value.encode(), self._config.stripe_api_key.encode()):
            message = f"Invalid API Key provided: {value[:8]}****" if value else "You did not provide an API key."
            raise StripeFailure(401, message, is_stored=False)

    def _find(self, method: str, path: str) -> tuple[Operation, tuple[str, ...]]:
        for operation in self._operations:
            found = operation.path.fullmatch(path)
            if found and operation.method == method:
                return operation, found.groups()
        raise StripeFailure(404, f"Unrecognized request URL ({method}: {path}).", is_stored=False)

    def _table(self, intents: Intents, refunds: Refunds, files: Files) -> tuple[Operation, ...]:
        return (
            operation("payment_intents.create", "POST /payment_intents", lambda _, p: intents.create(p), *_CREATE),
            operation(
                "payment_intents.confirm",
                "POST /payment_intents/{id}/confirm",
                lambda ids, p: intents.confirm(ids[0], p),
                *("payment_method", "payment_method_data", "return_url", "off_session", "allowed_payment_method_types"),
                "payment_method_options",
            ),
            operation(
                "payment_intents.cancel",
                "POST /payment_intents/{id}/cancel",
                lambda ids, p: intents.cancel(ids[0], p),
                "cancellation_reason",
            ),
            operation(
                "payment_intents.capture",
                "POST /payment_intents/{id}/capture",
                lambda ids, p: intents.capture(ids[0], p),
                *("amount_to_capture", "metadata"),
            ),
            operation(
                "refunds.create",
                "POST /refunds",
                lambda _, p: refunds.create(p),
                *("payment_intent", "charge", "amount", "metadata", "reason", "instructions_email"),
            ),
            operation(
                "disputes.update",
                "POST /disputes/{id}",
                lambda ids, p: refunds.answer_dispute(ids[0], p),
                *("evidence", "submit", "metadata"),
            ),
            operation("files.create", "POST /files", lambda _, p: files.create(p), "file", "file_name", "purpose"),
            *self._read_operations(),
        )

    def _read_operations(self) -> Iterator[Operation]:
        def one(kind: str) -> Run:
            return lambda ids, _: (200, self._get(kind, ids[0]))

        def many(kind: str, path: str) -> Run:
            return lambda _, params: (200, self._page(kind, path, params))

        for kind, name in _KINDS.items():
            yield operation(f"{name}.retrieve", f"GET /{name}/{{id}}", one(kind), "client_secret")
            asked = (*_PAGING, "payment_intent", "type", "customer", "payout")
            yield operation(f"{name}.list", f"GET /{name}", many(kind, f"/v1/{name}"), *asked)

    def _get(self, kind: str, object_id: str) -> JSON:
        if kind == "payment_intent":
            return self._intents.get(object_id, "id")
        found = self._store.find(kind, object_id)
        if found is None:
            raise missing(kind, object_id)
        return found

    def _page(self, kind: str, path: str, params: Params) -> JSON:
        """Newest first. ``created`` filters are answered for the whole list; there is no ``ending_before``."""
        limit = integer(params, "limit") or 10
        if not 1 <= limit <= 100 or "ending_before" in params:
            raise StripeFailure(400, "Invalid limit or cursor", param="limit", is_stored=False)
        parent, before = params.get("payment_intent"), params.get("starting_after")
        wide = 100_000 if {"created", "type", "customer", "payout"} & set(params) else limit + 1
        items = self._store.list_objects(kind, parent, before, wide)
        items = [item for item in items if _fits(item, params)]
        return listed(items[:limit], path, has_more=len(items) > limit)

    def _expanded(self, body: JSON, paths: Any) -> JSON:
        result = shown(body)
        for path in paths if isinstance(paths, list) else []:
            self._expand(result, str(path).split("."))
        return result

    def _expand(self, node: JSON, parts: list[str]) -> None:
        name, rest = parts[0], parts[1:]
        value = node.get(name)
        if isinstance(value, str):
            kinds = _EXPANDABLE.get(name, ())
            found = next((one for kind in kinds if (one := self._store.find(kind, value)) is not None), None)
            if found is None:
                message = f"This property cannot be expanded ({name})."
                raise StripeFailure(400, message, param="expand", is_stored=False)
            node[name] = value = shown(found)
        if rest:
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, dict):
                    self._expand(item, rest)


_KINDS = {
    "payment_intent": "payment_intents",
    "charge": "charges",
    "refund": "refunds",
    "dispute": "disputes",
    "event": "events",
    "file": "files",
    "payout": "payouts",
    "balance_transaction": "balance_transactions",
}
#: Kinds of the objects that a field may name.
_EXPANDABLE = {
    "latest_charge": ("charge",),
    "charge": ("charge",),
    "payment_intent": ("payment_intent",),
    "source": ("charge", "refund", "dispute", "payout"),
}

_API_ERROR = error_body("api_error", "An unknown error occurred")


def _fits(item: JSON, params: Params) -> bool:
    if "type" in params and item.get("type") != params["type"]:
        return False
    if "payout" in params and item.get("_payout") != params["payout"]:
        return False
    if "customer" in params and item.get("customer") != params["customer"]:
        return False
    created = params.get("created")
    if not isinstance(created, dict):
        return created is None or item["created"] == int(created)
    tests = {"gt": int.__gt__, "gte": int.__ge__, "lt": int.__lt__, "lte": int.__le__}
    return all(tests[name](int(item["created"]), int(bound)) for name, bound in created.items() if name in tests)


def _digest(raw: str) -> str:
    """Of the parameters in any order."""
    return hashlib.sha256("&".join(sorted(raw.split("&"))).encode()).hexdigest()


def _respond(status: int, text: str, request_id: str, key: str | None = None) -> Response:
    headers = {"Request-Id": request_id, "Stripe-Version": API_VERSION}
    if key is not None:
        headers["Idempotency-Key"] = key
    return Response(text, status_code=status, media_type="application/json", headers=headers)
