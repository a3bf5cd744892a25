"""The steps of every call of PAY.JP's APIs: authentication → parameters → fault → idempotency key (v2) →
the work, in one transaction → the answer."""

import asyncio
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from fastapi import APIRouter, Request, Response

from providers.sandbox.deliveries import Deliveries
from providers.sandbox.faults import Fault, FaultKind, Faults, withhold
from providers.sandbox.store import JSON, Store
from providers.sandbox.wire import shown

Params = Mapping[str, Any]
Run = Callable[[tuple[str, ...], Params], JSON]


class PayjpFailure(Exception):
    """An error answer with PAY.JP's code. ``worked``: changes before it are committed, as for a refused card."""

    def __init__(
        self, status: int, code: str, message: str = "", param: str | None = None, worked: bool = False
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message or code
        self.param = param
        self.worked = worked


@dataclass(frozen=True, slots=True)
class Operation:
    """``name`` is what faults and counters call it; ``params`` are those that it takes, None where any is taken."""

    name: str
    method: str
    path: re.Pattern[str]
    run: Run
    params: frozenset[str]


class Wire(Protocol):
    """The differences between the two APIs."""

    prefix: str
    has_keys: bool

    def authenticates(self, header: str) -> bool:
        """Whether the ``Authorization`` header has the account's secret key."""
        ...

    def params(self, raw: str) -> JSON:
        """The parameters of the body or the query."""
        ...

    def failure(self, failure: PayjpFailure, path: str) -> JSON:
        """The body of an error."""
        ...


class PayjpServer:
    """Answers one of the APIs."""

    def __init__(
        self,
        wire: Wire,
        operations: Sequence[Operation],
        store: Store,
        faults: Faults,
        deliveries: Deliveries,
        calls: Counter[str],
    ) -> None:
        self._wire = wire
        self._operations = operations
        self._store = store
        self._faults = faults
        self._deliveries = deliveries
        self._calls = calls
        self.router = APIRouter(include_in_schema=False)
        self.router.add_api_route(wire.prefix + "/{path:path}", self.call, methods=["GET", "POST", "DELETE"])

    async def call(self, request: Request) -> Response:
        """Handle one call."""
        path = request.url.path
        try:
            if not self._wire.authenticates(request.headers.get("authorization", "")):
                raise PayjpFailure(401, "invalid_api_key", "The key is not this account's.")
            operation, ids = self._find(request.method, path)
            raw = (await request.body()).decode() if request.method == "POST" else request.url.query
            params = self._wire.params(raw) if raw else {}
            unknown = set(params) - operation.params
            if unknown:
                raise PayjpFailure(400, "invalid_param_key", f"Not known: {sorted(unknown)[0]}", sorted(unknown)[0])
        except PayjpFailure as failure:
            return self._refuse(failure, path)
        self._calls[operation.name] += 1
        fault = self._faults.take(operation.name)
        early = await self._before(fault, path)
        if early is not None:
            return early
        key = request.headers.get("idempotency-key") if self._wire.has_keys and request.method == "POST" else None
        response = self._answer(operation, ids, params, path, raw, key)
        self._deliveries.wake()
        if fault is not None and fault.kind is FaultKind.TIMEOUT_AFTER_SUCCESS:
            await withhold(fault.seconds)
        if fault is not None and fault.kind is FaultKind.ERROR_500_AFTER_SUCCESS:
            return self._refuse(PayjpFailure(500, "payjp_wrong"), path)
        return response

    async def _before(self, fault: Fault | None, path: str) -> Response | None:
        """The answer of a fault that replaces the work."""
        match fault.kind if fault is not None else None:
            case FaultKind.DELAY if fault is not None:
                await asyncio.sleep(fault.seconds)
            case FaultKind.RATE_LIMITED:
                return self._refuse(PayjpFailure(429, "over_capacity"), path)
            case FaultKind.ERROR_500:
                return self._refuse(PayjpFailure(500, "payjp_wrong"), path)
            case FaultKind.IDEMPOTENCY_TIMEOUT:
                return self._refuse(PayjpFailure(409, "idempotency_timeout"), path)
            case FaultKind.IDEMPOTENCY_DOWN:
                return self._refuse(PayjpFailure(503, "idempotency_infrastructure_error"), path)
        return None

    def _answer(
        self, operation: Operation, ids: tuple[str, ...], params: Params, path: str, raw: str, key: str | None
    ) -> Response:
        digest = hashlib.sha256(raw.encode()).hexdigest()
        try:
            replay = self._replay(key, path, digest) if key else None
            if replay is not None:
                return replay
            with self._store.transaction():
                status, body = self._work(operation, ids, params, path)
                text = json.dumps(body, ensure_ascii=False)
                if key:
                    self._store.store_answer(f"payjp:{key}", path, digest, status, text, "")
        except PayjpFailure as failure:
            return self._refuse(failure, path)
        return Response(text, status_code=status, media_type="application/json")

    def _work(self, operation: Operation, ids: tuple[str, ...], params: Params, path: str) -> tuple[int, JSON]:
        try:
            return 200, shown(operation.run(ids, params))
        except PayjpFailure as failure:
            if not failure.worked:
                raise
            return failure.status, self._wire.failure(failure, path)

    def _replay(self, key: str, path: str, digest: str) -> Response | None:
        """docs.pay.jp/v2/guide/developers/idempotency."""
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", key):
            raise PayjpFailure(400, "invalid_idempotency_key")
        row = self._store.find_answer(f"payjp:{key}")
        if row is None:
            return None
        if row["path"] != path or row["digest"] != digest:
            raise PayjpFailure(409, "idempotency_conflict")
        return Response(row["body"], status_code=row["status"], media_type="application/json")

    def _find(self, method: str, path: str) -> tuple[Operation, tuple[str, ...]]:
        for operation in self._operations:
            found = operation.path.fullmatch(path)
            if found and operation.method == method:
                return operation, found.groups()
        raise PayjpFailure(404, "not_found", f"{method} {path}")

    def _refuse(self, failure: PayjpFailure, path: str) -> Response:
        media_type = "application/problem+json" if self._wire.has_keys else "application/json"
        body = json.dumps(self._wire.failure(failure, path), ensure_ascii=False)
        return Response(body, status_code=failure.status, media_type=media_type)


def operation(prefix: str, name: str, call: str, run: Run, *params: str) -> Operation:
    """An operation from ``call``, such as ``POST /refunds/{id}``."""
    method, path = call.split(" ")
    pattern = re.compile(prefix + path.replace("{id}", "([A-Za-z0-9_-]+)"))
    return Operation(name, method, pattern, run, frozenset(params))
