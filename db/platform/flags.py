"""Feature flags and their rollouts. Needs the platform's scope."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.engine.store import Store
from db.platform.outbox import START_ROLLOUT
from domain.errors import AlreadyExists, Conflict, NotFound
from domain.ids import first_uuid_of
from domain.platform.flag_rollout import OVER, Measure, RolloutPlan, RolloutStatus, Step
from domain.platform.flags import Flag, Subject

_FLAG = "id, name, description, enabled, killed, subject, share, users, businesses, version, created_at, updated_at"
_ROLLOUT = "id, flag_id, status, plan, share_before, step, step_began_at, ended_at, reason, created_at"
_UUIDS = ARRAY(PgUUID(as_uuid=True))

_ALL = text(f"SELECT {_FLAG} FROM feature_flags")
_LIST = text(f"""
    SELECT {_FLAG} FROM feature_flags WHERE name > :after ORDER BY name LIMIT :limit
""")
_GET = text(f"SELECT {_FLAG} FROM feature_flags WHERE id = :id")
_LOCK = text(f"SELECT {_FLAG} FROM feature_flags WHERE id = :id FOR UPDATE")
_CREATE = text(f"""
    INSERT INTO feature_flags (name, description, enabled, killed, subject, share, users, businesses)
    VALUES (:name, :description, :enabled, :killed, :subject, :share, :users, :businesses)
    ON CONFLICT (name) DO NOTHING RETURNING {_FLAG}
""").bindparams(bindparam("users", type_=_UUIDS), bindparam("businesses", type_=_UUIDS))
_UPDATE = text(f"""
    UPDATE feature_flags
       SET description = :description, enabled = :enabled, killed = :killed, subject = :subject, share = :share,
           users = :users, businesses = :businesses, version = version + 1
     WHERE id = :id RETURNING {_FLAG}
""").bindparams(bindparam("users", type_=_UUIDS), bindparam("businesses", type_=_UUIDS))
_DELETE = text("DELETE FROM feature_flags WHERE id = :id")
_SET_SHARE = text("UPDATE feature_flags SET share = :share, version = version + 1 WHERE id = :id AND share <> :share")

_NEW_ROLLOUT = text(f"""
    WITH made AS (
        INSERT INTO flag_rollouts (flag_id, plan, share_before) VALUES (:flag_id, CAST(:plan AS jsonb), :share)
        ON CONFLICT (flag_id) WHERE status IN ('running', 'paused') DO NOTHING
        RETURNING {_ROLLOUT}
    ), commands AS (
        INSERT INTO outbox (event, aggregate, payload, command, request_id)
        SELECT 'flag.rollout_started', 'flag_rollout/' || id,
               jsonb_build_object('rollout_id', id, 'flag', CAST(:name AS text), 'plan', plan), :command, :request_id
          FROM made
    )
    SELECT {_ROLLOUT} FROM made
""")
_LATEST = text(f"SELECT {_ROLLOUT} FROM flag_rollouts WHERE flag_id = :flag_id ORDER BY id DESC LIMIT 1")
_LOCK_ROLLOUT = text(f"SELECT {_ROLLOUT} FROM flag_rollouts WHERE id = :id FOR UPDATE")
_STEP = text("""
    UPDATE flag_rollouts SET step = :step, step_began_at = :now 
     WHERE id = :id AND (step < :step OR step_began_at IS NULL)
""")
_MARK = text("""
    UPDATE flag_rollouts
       SET status = :status, reason = CAST(:reason AS jsonb),
           ended_at = CASE WHEN :over THEN CAST(:now AS timestamptz) END
     WHERE id = :id
""")
_SUPERSEDE = text("""
    UPDATE flag_rollouts SET status = 'superseded', ended_at = :now
     WHERE flag_id = :flag_id AND status IN ('running', 'paused')
""")
# Keys are in order of time, so each query reads only the newest rows of an index.
_COUNT = text("""
    SELECT (SELECT count(*) FROM attention WHERE id >= :first) AS attention_filed,
           (SELECT count(*) FROM notification_outbox WHERE id >= :first AND status = 'failed') AS notices_failed,
           (SELECT count(*) FROM booking_payments WHERE id >= :first AND status = 'failed') AS payments_failed,
           (SELECT count(*) FROM outbox WHERE id >= :first AND last_error IS NOT NULL) AS commands_failed
""").bindparams(bindparam("first", type_=PgUUID))


@dataclass(frozen=True, slots=True)
class FlagRow:
    """A flag as it is stored. ``share`` in hundredths of a percent."""

    id: UUID
    name: str
    description: str
    enabled: bool
    killed: bool
    subject: str
    share: int
    users: Sequence[UUID]
    businesses: Sequence[UUID]
    version: int
    created_at: datetime
    updated_at: datetime

    @property
    def flag(self) -> Flag:
        """The part that decides who has the feature."""
        return Flag(
            self.name,
            self.enabled,
            self.killed,
            Subject(self.subject),
            self.share,
            frozenset(self.users),
            frozenset(self.businesses),
        )


@dataclass(frozen=True, slots=True)
class FlagValues:
    """The values that an admin sets. ``share`` in hundredths of a percent."""

    description: str
    enabled: bool
    killed: bool
    subject: Subject
    share: int
    users: tuple[UUID, ...]
    businesses: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class RolloutRow:
    """A rollout as it is stored. ``step`` counts from 1; 0: none has begun."""

    id: UUID
    flag_id: UUID
    status: RolloutStatus
    plan: RolloutPlan
    share_before: int
    step: int
    step_began_at: datetime | None
    ended_at: datetime | None
    reason: Mapping[str, Any]
    created_at: datetime


class FlagStore(Store):
    """Flags by name and id."""

    async def all(self) -> list[FlagRow]:
        """All flags: there are dozens."""
        return [FlagRow(**row._mapping) for row in await self.session.execute(_ALL)]

    async def list_(self, *, after: str | None, limit: int) -> list[FlagRow]:
        """In order of names."""
        rows = await self.session.execute(_LIST, {"after": after or "", "limit": limit})
        return [FlagRow(**row._mapping) for row in rows]

    async def get(self, flag_id: UUID) -> FlagRow:
        """One flag. Raises NotFound."""
        row = (await self.session.execute(_GET, {"id": flag_id})).one_or_none()
        if row is None:
            raise NotFound
        return FlagRow(**row._mapping)

    async def create(self, name: str, values: FlagValues) -> FlagRow:
        """A new flag. Raises AlreadyExists for a name in use."""
        row = (await self.session.execute(_CREATE, {"name": name, **_columns(values)})).one_or_none()
        if row is None:
            raise AlreadyExists({"field": "name"})
        return FlagRow(**row._mapping)

    async def lock_(self, flag_id: UUID) -> FlagRow:
        """One flag, for a change of it. Raises NotFound."""
        row = (await self.session.execute(_LOCK, {"id": flag_id})).one_or_none()
        if row is None:
            raise NotFound
        return FlagRow(**row._mapping)

    async def update(self, flag_id: UUID, values: FlagValues, now: datetime) -> FlagRow:
        """Change a locked flag. A running rollout is superseded when a value changes that it depends on."""
        before = await self.lock_(flag_id)
        decides = (values.share, values.killed, values.enabled, values.subject)
        if (before.share, before.killed, before.enabled, before.subject) != decides:
            await self.session.execute(_SUPERSEDE, {"flag_id": flag_id, "now": now})
        row = (await self.session.execute(_UPDATE, {"id": flag_id, **_columns(values)})).one()
        return FlagRow(**row._mapping)

    async def delete(self, flag_id: UUID, now: datetime) -> None:
        """Delete a flag: the feature is off for everybody. Raises NotFound."""
        await self.lock_(flag_id)
        await self.session.execute(_SUPERSEDE, {"flag_id": flag_id, "now": now})
        await self.session.execute(_DELETE, {"id": flag_id})

    # -- rollouts ----------------------------------------------------------------------------------------------------

    async def start_rollout(self, flag: FlagRow, plan: RolloutPlan) -> RolloutRow:
        """Record a rollout of a locked flag, and the command that starts its workflow. Raises Conflict when one is
        running."""
        values = {
            "flag_id": flag.id,
            "plan": json.dumps(_plan_json(plan)),
            "share": flag.share,
            "name": flag.name,
            "command": START_ROLLOUT,
            "request_id": self.context.request_id,
        }
        row = (await self.session.execute(_NEW_ROLLOUT, values)).one_or_none()
        if row is None:
            raise Conflict({"rule": "rollout_under_way"})
        return _rollout(dict(row._mapping))

    async def latest_rollout(self, flag_id: UUID) -> RolloutRow:
        """The newest rollout of a flag. Raises NotFound."""
        row = (await self.session.execute(_LATEST, {"flag_id": flag_id})).one_or_none()
        if row is None:
            raise NotFound
        return _rollout(dict(row._mapping))

    async def lock_rollout(self, rollout_id: UUID) -> RolloutRow | None:
        """One rollout, for a change of it; None: its flag was deleted."""
        row = (await self.session.execute(_LOCK_ROLLOUT, {"id": rollout_id})).one_or_none()
        return _rollout(dict(row._mapping)) if row else None

    async def begin_step(self, rollout: RolloutRow, step: int, now: datetime) -> None:
        """Set the flag's share to that of ``step`` (from 1) of a locked rollout. Repeating it changes nothing."""
        await self.session.execute(_STEP, {"id": rollout.id, "step": step, "now": now})
        share = rollout.plan.steps[step - 1].share
        await self.session.execute(_SET_SHARE, {"id": rollout.flag_id, "share": share})

    async def mark_rollout(
        self, rollout: RolloutRow, status: RolloutStatus, now: datetime, reason: Mapping[str, Any] | None = None
    ) -> None:
        """A locked rollout is paused, runs again, or is over. ``stopped`` and ``cancelled`` restore the
        share before it."""
        values = {"id": rollout.id, "status": status.value, "now": now, "over": status in OVER}
        await self.session.execute(_MARK, {**values, "reason": json.dumps(dict(reason or {}))})
        if status in (RolloutStatus.STOPPED, RolloutStatus.CANCELLED):
            await self.session.execute(_SET_SHARE, {"id": rollout.flag_id, "share": rollout.share_before})

    async def count_trouble(self, since: datetime) -> dict[Measure, int]:
        """The count of each watched kind of trouble since then (aware)."""
        row = (await self.session.execute(_COUNT, {"first": first_uuid_of(since)})).one()
        return {measure: row._mapping[measure.value] for measure in Measure}


def _columns(values: FlagValues) -> dict[str, object]:
    return {
        "description": values.description,
        "enabled": values.enabled,
        "killed": values.killed,
        "subject": values.subject.value,
        "share": values.share,
        "users": list(values.users),
        "businesses": list(values.businesses),
    }


def _plan_json(plan: RolloutPlan) -> dict[str, Any]:
    steps = [{"share": step.share, "watch_for": int(step.watch_for.total_seconds())} for step in plan.steps]
    return {"steps": steps, "limits": {measure.value: limit for measure, limit in plan.limits.items()}}


def _plan(stored: Mapping[str, Any]) -> RolloutPlan:
    steps = tuple(Step(step["share"], timedelta(seconds=step["watch_for"])) for step in stored["steps"])
    return RolloutPlan(steps, {Measure(name): limit for name, limit in stored["limits"].items()})


def _rollout(row: Mapping[str, Any]) -> RolloutRow:
    return RolloutRow(**{**row, "status": RolloutStatus(row["status"]), "plan": _plan(row["plan"])})
