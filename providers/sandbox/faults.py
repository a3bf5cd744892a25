"""Faults that can be set: for a call by its operation's name, for webhooks by ``webhook``."""

import asyncio
import contextlib
import secrets
import sqlite3
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from providers.sandbox.store import Store

_DICE = secrets.SystemRandom()


class FaultKind(StrEnum):
    """The first seven are for calls, the last four for webhooks.

    ``delay`` waits, then works. ``error_500`` does nothing; with ``stored`` its idempotency key answers 500 from then
    on, as Stripe's do. ``timeout_after_success`` works and withholds the answer; ``error_500_after_success`` works and
    answers 500. ``rate_limited`` does nothing and answers 429. PAY.JP's v2 only: ``idempotency_timeout``
    does nothing and answers 409, as if another request with the key were under way; ``idempotency_down`` answers 503.
    """

    DELAY = "delay"
    ERROR_500 = "error_500"
    TIMEOUT_AFTER_SUCCESS = "timeout_after_success"
    ERROR_500_AFTER_SUCCESS = "error_500_after_success"
    RATE_LIMITED = "rate_limited"
    IDEMPOTENCY_TIMEOUT = "idempotency_timeout"
    IDEMPOTENCY_DOWN = "idempotency_down"
    DUPLICATE = "duplicate"
    REORDER = "reorder"
    LATE = "late"
    DROP = "drop"


WEBHOOK_KINDS = frozenset({FaultKind.DUPLICATE, FaultKind.REORDER, FaultKind.LATE, FaultKind.DROP})
#: Faults of idempotency keys.
KEY_KINDS = frozenset({FaultKind.IDEMPOTENCY_TIMEOUT, FaultKind.IDEMPOTENCY_DOWN})

#: What ``seconds`` is where none is given.
_SECONDS = {
    FaultKind.DELAY: 2.0,
    FaultKind.TIMEOUT_AFTER_SUCCESS: 60.0,
    FaultKind.LATE: 5.0,
    FaultKind.REORDER: 30.0,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, due now."""

    kind: FaultKind
    seconds: float
    stored: bool


async def withhold(seconds: float) -> None:
    """Delay an answer. The end of the server ends the wait without an error of the handler."""
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.sleep(seconds)


class Faults:
    """The list of faults that are set. The oldest that matches is used first."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(
        self,
        operation: str,
        kind: FaultKind,
        *,
        seconds: float | None,
        times: int | None,
        share: float,
        event_type: str | None,
        stored: bool,
    ) -> int:
        """Set one; ``times`` None is until cleared; ``share`` is the part of matching calls that it hits."""
        cursor = self._store.db.execute(
            "INSERT INTO faults (operation, kind, seconds, remaining, share, event_type, stored) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (operation, kind.value, seconds, times, share, event_type, stored),
        )
        return int(cursor.lastrowid or 0)

    def list_(self) -> list[dict[str, Any]]:
        """All that are still set, oldest first."""
        return [dict(row) for row in self._store.db.execute("SELECT * FROM faults ORDER BY seq")]

    def clear(self) -> None:
        self._store.db.execute("DELETE FROM faults")

    def take(self, operation: str) -> Fault | None:
        """The fault for this call. It counts as used."""
        return self._first(
            "SELECT * FROM faults WHERE operation IN (?, '*') AND operation <> 'webhook' ORDER BY seq", (operation,)
        )

    def take_webhook(self, event_type: str) -> Fault | None:
        """The fault for this webhook. It counts as used."""
        return self._first(
            "SELECT * FROM faults WHERE operation = 'webhook' AND coalesce(event_type, ?1) = ?1 ORDER BY seq",
            (event_type,),
        )

    def _first(self, sql: str, values: tuple[str, ...]) -> Fault | None:
        with self._store.transaction():
            for row in self._store.db.execute(sql, values).fetchall():
                if row["share"] >= 1 or _DICE.random() < row["share"]:
                    return self._count_off(row)
        return None

    def _count_off(self, row: sqlite3.Row) -> Fault:
        if row["remaining"] is not None:
            self._store.db.execute("UPDATE faults SET remaining = remaining - 1 WHERE seq = ?", (row["seq"],))
            self._store.db.execute("DELETE FROM faults WHERE remaining <= 0")
        kind = FaultKind(row["kind"])
        seconds = row["seconds"] if row["seconds"] is not None else _SECONDS.get(kind, 0.0)
        return Fault(kind, float(seconds), bool(row["stored"]))
