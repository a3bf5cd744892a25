"""The steps of a feature flag's rollout."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from temporalio import activity

from db.engine.session import Database, Scope, UnitOfWork
from db.platform.flags import RolloutRow
from domain.platform.flag_rollout import OVER, Measure, RolloutStatus, over_limit
from providers.cache.channels import FLAGS, notify
from providers.cache.interface import Cache


@dataclass(frozen=True)
class BeginStepInput:
    """``step`` counts from 1."""

    rollout_id: UUID
    step: int


@dataclass(frozen=True)
class LookInput:
    """What came since the present step began is held against the plan's limits."""

    rollout_id: UUID


@dataclass(frozen=True)
class Look:
    """What a check found: the rollout's status, and the measures that went over their limits with their counts."""

    status: RolloutStatus
    over: Mapping[Measure, int] = field(default_factory=dict)


@dataclass(frozen=True)
class MarkInput:
    """What becomes of the rollout; ``reason``: measures and counts, never a name."""

    rollout_id: UUID
    status: RolloutStatus
    reason: Mapping[str, Any] = field(default_factory=dict)


class FlagActivities:
    """Every method returns the rollout's status: one that an admin's own change of the flag has superseded is
    left alone. ``now`` gives aware UTC time."""

    def __init__(self, database: Database, cache: Cache, now: Callable[[], datetime]) -> None:
        self._database = database
        self._cache = cache
        self._now = now

    @activity.defn(name="flags.begin_step")
    async def begin_step(self, asked: BeginStepInput) -> RolloutStatus:
        """Give the flag the step's share. Twice is once: a step that has begun keeps its time."""
        async with self._database.unit_of_work(Scope.platform()) as work:
            rollout = await work.platform.flags.lock_rollout(asked.rollout_id)
            status = _standing(rollout)
            if rollout is not None and status is RolloutStatus.RUNNING:
                await work.platform.flags.begin_step(rollout, asked.step, self._now())
        await notify(self._cache, FLAGS)
        return status

    @activity.defn(name="flags.look")
    async def look(self, asked: LookInput) -> Look:
        """Count what is watched since the step began."""
        async with self._database.unit_of_work(Scope.platform()) as work:
            rollout = await work.platform.flags.lock_rollout(asked.rollout_id)
            if rollout is None or rollout.status in OVER or rollout.step_began_at is None:
                return Look(_standing(rollout))
            counted = await work.platform.flags.count_trouble(rollout.step_began_at)
        over = over_limit(rollout.plan.limits, counted)
        return Look(rollout.status, {measure: counted[measure] for measure in over})

    @activity.defn(name="flags.mark")
    async def mark(self, asked: MarkInput) -> RolloutStatus:
        """Pause it, let it go on, or end it; the share goes back where that is its end. Returns its status."""
        async with self._database.unit_of_work(Scope.platform()) as work:
            status = await self._mark(work, asked)
        await notify(self._cache, FLAGS)
        return status

    async def _mark(self, work: UnitOfWork, asked: MarkInput) -> RolloutStatus:
        rollout = await work.platform.flags.lock_rollout(asked.rollout_id)
        if rollout is None or rollout.status in OVER:
            return _standing(rollout)
        await work.platform.flags.mark_rollout(rollout, asked.status, self._now(), asked.reason)
        if asked.status is RolloutStatus.STOPPED:
            await work.platform.attention.file(
                "rollout_stopped", f"rollout_stopped:{rollout.id}", details={"flag_id": rollout.flag_id, **asked.reason}
            )
        return asked.status


def _standing(rollout: RolloutRow | None) -> RolloutStatus:
    """A rollout whose flag was deleted is superseded."""
    return RolloutStatus.SUPERSEDED if rollout is None else rollout.status
