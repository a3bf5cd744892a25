"""Webhooks to the platform: writes events and queues their deliveries."""

import json
import time
import uuid
from collections.abc import Sequence

from providers.sandbox.config import SandboxConfig
from providers.sandbox.faults import FaultKind, Faults
from providers.sandbox.store import JSON, Store
from providers.sandbox.wire import new_id, shown

#: The dated version of Stripe's API that this server has.
API_VERSION = "2026-10-28.endive"


class WebhookEvents:
    """Call inside the transaction of the change that the event is about."""

    def __init__(self, store: Store, config: SandboxConfig, faults: Faults) -> None:
        self._store = store
        self._config = config
        self._faults = faults
        #: The present request, for ``event.request``.
        self.request: JSON = {"id": None, "idempotency_key": None}

    def stripe(self, kind: str, subject: JSON) -> None:
        """Record an event of type ``kind`` with a snapshot of ``subject``, and queue its webhook."""
        url = self._store.find_target("stripe")
        wanted = not self._config.stripe_events or kind in self._config.stripe_events
        event: JSON = {
            "id": new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": int(time.time()),
            "data": {"object": shown(subject)},
            "livemode": False,
            "pending_webhooks": int(bool(url and wanted)),
            "request": self.request,
            "type": kind,
        }
        parent = subject["id"] if subject["object"] == "payment_intent" else subject.get("payment_intent")
        self._store.put(event, parent=parent)
        if url and wanted:
            self._queue("stripe", event["id"], kind, json.dumps(event))

    def payjp_v2(self, kind: str, subject: JSON, now: str) -> None:
        """Record an event of PAY.JP's v2 and queue its webhook; ``now`` as its times are written."""
        self._payjp("evt", kind, subject, {"created_at": now, "updated_at": now})

    def payjp_v1(self, kind: str, subject: JSON) -> None:
        """Record an event of PAY.JP's v1 and queue its webhook."""
        self._payjp("evnt", kind, subject, {"created": int(time.time())})

    def _payjp(self, prefix: str, kind: str, subject: JSON, times: JSON) -> None:
        url = self._store.find_target("payjp")
        event: JSON = {
            "id": new_id(prefix),
            "object": "event",
            "livemode": False,
            "type": kind,
            "pending_webhooks": int(bool(url)),
            "data": shown(subject),
            **times,
        }
        self._store.put(event, parent=subject["id"], kind="payjp.event")
        if url:
            self._queue("payjp", event["id"], kind, json.dumps(event, ensure_ascii=False))

    def sendgrid(self, events: Sequence[JSON]) -> None:
        """Queue one webhook with this batch."""
        if self._store.find_target("sendgrid"):
            kind = str(events[0]["event"])
            self._queue("sendgrid", str(uuid.uuid4()), kind, json.dumps(list(events), ensure_ascii=False))

    def twilio(self, status: str, body: str) -> None:
        """Queue one callback about an SMS; ``body`` has its own address and the form."""
        self._queue("twilio", str(uuid.uuid4()), status, body)

    def _queue(self, target: str, event_id: str, kind: str, body: str) -> None:
        fault = self._faults.take_webhook(kind)
        due_at = time.time()
        state, held, copies = "pending", 0, 1
        if fault is not None:
            match fault.kind:
                case FaultKind.DUPLICATE:
                    copies = 2
                case FaultKind.DROP:
                    state = "dropped"
                case FaultKind.LATE:
                    due_at += fault.seconds
                case FaultKind.REORDER:
                    # Sent after the next one of this target has arrived, or when the seconds are over.
                    held, due_at = 1, due_at + fault.seconds
                case _:
                    pass
        for _ in range(copies):
            self._store.db.execute(
                "INSERT INTO deliveries (target, event_id, event_type, body, state, due_at, held) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (target, event_id, kind, body, state, due_at, held),
            )
