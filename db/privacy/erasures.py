"""Erasures: what blocks them, anonymising a person, and the proof that it was done."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from db.engine.store import Store
from db.platform.outbox import START_ERASURE, OutboxStore
from db.privacy.forgetting import FORGET, LET_GO, MENTIONS, PEOPLE
from domain.errors import NotFound, WrongState
from domain.instants import text_at_venue
from domain.privacy.errors import ErasureBlocked

_COLUMNS = "id, user_id, language, created_at, delete_at, anonymised_at, completed_at, proof"
# A concurrent booking of the same login waits, and then finds it closed.
_LOCK = text("SELECT id FROM users WHERE id = :user_id AND deleted_at IS NULL FOR UPDATE")
_AHEAD = text("SELECT * FROM app_visits_ahead(:user_id, :now)")
_OWNED = text("SELECT id FROM businesses WHERE owner_id = :user_id AND deleted_at IS NULL ORDER BY id LIMIT 50")
_BEGIN = text(f"""
    INSERT INTO erasures (user_id, address, language, delete_at)
    SELECT id, email, language, :delete_at FROM users WHERE id = :user_id RETURNING {_COLUMNS}
""")
_CLOSE = text("UPDATE users SET deleted_at = :now, password_hash = '!' WHERE id = :user_id")
_END_SESSIONS = text("""
    UPDATE user_sessions SET ended_at = :now, end_reason = 'account_closed'
     WHERE user_id = :user_id AND ended_at IS NULL
""")
_GET = text(f"SELECT {_COLUMNS} FROM erasures WHERE id = :id")
_LOCKED = text(f"""
    SELECT {_COLUMNS}, CAST(address AS text) AS address FROM erasures WHERE id = :id FOR UPDATE
""")
_TRAIL = text("SELECT audit, history FROM app_erase_trail(:id, CAST(:customers AS uuid[]), CAST(:bookings AS uuid[]))")
_ANONYMISED = text("""
    UPDATE erasures SET anonymised_at = :now, proof = proof || CAST(:proof AS jsonb) WHERE id = :id
""")
_COMPLETED = text("""
    UPDATE erasures SET completed_at = :now, proof = proof || CAST(:proof AS jsonb) WHERE id = :id
""")
_STILL_QUEUED = text("""
    SELECT EXISTS (SELECT FROM notification_outbox WHERE facts->>'erasure_id' = :id AND kind = 'erasure_done'
                      AND booking_id IS NULL AND status = 'queued')
""")
_FORGET_ADDRESS = text("UPDATE erasures SET address = NULL WHERE id = :id")


@dataclass(frozen=True, slots=True)
class ErasureRow:
    """Times are aware UTC. ``proof``: rows by table, for each of the two steps."""

    id: UUID
    user_id: UUID
    language: str
    created_at: datetime
    delete_at: datetime
    anonymised_at: datetime | None
    completed_at: datetime | None
    proof: Mapping[str, Any]


class ErasureStore(Store):
    """A person starts an erasure in their own scope (self); the other steps need the platform's scope."""

    async def begin(self, user_id: UUID, now: datetime, delete_at: datetime) -> ErasureRow:
        """Close the login and start the workflow.

        Raises ErasureBlocked with the future ``bookings`` and the ``businesses`` that the login owns: the person must
        end both first. WrongState when an erasure exists already.
        """
        values = {"user_id": user_id, "now": now}
        if (await self.session.execute(_LOCK, values)).one_or_none() is None:
            raise WrongState({"status": "closed", "wanted": "closed"})
        ahead = [dict(row) for row in (await self.session.execute(_AHEAD, values)).mappings()]
        owned = [str(business_id) for business_id in await self.session.scalars(_OWNED, values)]
        if ahead or owned:
            bookings = [{name: _plain(value) for name, value in _at_venue(row).items()} for row in ahead]
            raise ErasureBlocked({"bookings": bookings, "businesses": owned})
        row = (await self.session.execute(_BEGIN, {"user_id": user_id, "delete_at": delete_at})).mappings().one()
        erasure = ErasureRow(**row)
        for statement in (_CLOSE, _END_SESSIONS):
            await self.session.execute(statement, values)
        payload = {"erasure_id": erasure.id, "user_id": user_id, "delete_at": delete_at}
        await OutboxStore(self.session, self.context).add_platform_command(
            "erasure.requested", f"erasure/{user_id}", payload, START_ERASURE
        )
        return erasure

    async def get(self, erasure_id: UUID) -> ErasureRow:
        """One erasure. Raises NotFound."""
        row = (await self.session.execute(_GET, {"id": erasure_id})).mappings().one_or_none()
        if row is None:
            raise NotFound({"erasure_id": str(erasure_id)})
        return ErasureRow(**row)

    async def anonymise(self, erasure_id: UUID, now: datetime) -> bool:
        """Anonymise the person in every table. False: that was done before."""
        erasure, address = await self._lock(erasure_id)
        if erasure.anonymised_at is not None:
            return False
        people = (await self.session.execute(PEOPLE, {"user_id": erasure.user_id})).one()
        mentions = (
            await self.session.execute(MENTIONS, {"user_id": erasure.user_id, "bookings": people.bookings})
        ).one()
        values = {
            "user_id": erasure.user_id,
            "address": address,
            "mentioned": mentions.bookings,
            "mentioning": mentions.customers,
            "customers": people.customers,
            "bookings": people.bookings,
            "now": now,
        }
        removed = await self._run(FORGET, values)
        # Last, because the audit trail also records the statements above.
        everywhere = {
            "customers": [*people.customers, *mentions.customers],
            "bookings": [*people.bookings, *mentions.bookings],
        }
        trail = (await self.session.execute(_TRAIL, {**everywhere, "id": erasure_id})).one()
        removed |= {"audit_logs": trail.audit, "booking_history": trail.history}
        await self.session.execute(
            _ANONYMISED, {"id": erasure_id, "now": now, "proof": json.dumps({"anonymised": removed})}
        )
        return True

    async def finish(self, erasure_id: UUID, now: datetime) -> ErasureRow | None:
        """Delete what still links the legally required rows. None: that was done before."""
        erasure, _ = await self._lock(erasure_id)
        if erasure.completed_at is not None:
            return None
        removed = await self._run(LET_GO, {"user_id": erasure.user_id})
        await self.session.execute(
            _COMPLETED, {"id": erasure_id, "now": now, "proof": json.dumps({"deleted": removed})}
        )
        return erasure

    async def forget_address(self, erasure_id: UUID, *, even_if_unsent: bool) -> bool:
        """Remove the address when the last e-mail was sent or given up; ``even_if_unsent``: also if it is still queued.
        Returns whether it is removed."""
        waits = await self.session.scalar(_STILL_QUEUED, {"id": str(erasure_id)})
        if waits and not even_if_unsent:
            return False
        await self.session.execute(_FORGET_ADDRESS, {"id": erasure_id})
        return True

    async def _lock(self, erasure_id: UUID) -> tuple[ErasureRow, str | None]:
        row = (await self.session.execute(_LOCKED, {"id": erasure_id})).mappings().one_or_none()
        if row is None:
            raise NotFound({"erasure_id": str(erasure_id)})
        values = dict(row)
        address: str | None = values.pop("address")
        return ErasureRow(**values), address

    async def _run(self, statements: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, int]:
        """How many rows each statement changed, by its name; those that found none are left out."""
        counts = {}
        for name, statement in statements.items():
            done = await self.session.execute(statement, _only(statement, values))
            counts[name] = int(done.rowcount)  # type: ignore[attr-defined]
        return {name: count for name, count in counts.items() if count}


def _only(statement: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in statement.compile().params if name in values}


def _at_venue(row: Mapping[str, Any]) -> dict[str, Any]:
    """A visit with its start as text, with the offset of its venue."""
    values = dict(row)
    return {**values, "start_at": text_at_venue(values["start_at"], values.pop("time_zone"))}


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else str(value)
