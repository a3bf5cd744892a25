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
class CheckInput:
    """Compare the counts since the present step began with the plan's limits."""

    rollout_id: UUID


@dataclass(frozen=True)
class RolloutCheck:
    """The result of a check: the rollout's status, and the measures over their limits with their counts."""

    status: RolloutStatus
    over: Mapping[Measure, int] = field(default_factory=dict)


@dataclass(frozen=True)
class MarkInput:
    """The new status of the rollout; ``reason``: measures and counts, never names."""

    rollout_id: UUID
    status: RolloutStatus
    reason: Mapping[str, Any] = field(default_factory=dict)


class FlagActivities:
    """Every method returns the rollout's status. A rollout that was superseded by an operator's change of the flag is
    not changed. ``now`` gives aware UTC time."""

    def __init__(self, database: Database, cache: Cache, now: Callable[[], datetime]) -> None:
        self._database = database
        self._cache = cache
        self._now = now

    @activity.defn(name="flags.begin_step")
    async def begin_step(self, request: BeginStepInput) -> RolloutStatus:
        """Give the flag the share of the step. A repeat changes nothing: a step that has begun keeps its start time."""
        async with self._database.unit_of_work(Scope.platform()) as work:
            rollout = await work.platform.flags.lock_rollout(request.rollout_id)
            status = _status_of(rollout)
            if rollout is not None and status is RolloutStatus.RUNNING:
                await work.platform.flags.begin_step(rollout, request.step, self._now())
        await notify(self._cache, FLAGS)
        return status

    @activity.defn(name="flags.check")
    async def check(self, request: CheckInput) -> RolloutCheck:
        """Count the measured events since the step began."""
        async with self._database.unit_of_work(Scope.platform()) as work:
            rollout = await work.platform.flags.lock_rollout(request.rollout_id)
            if rollout is None or rollout.status in OVER or rollout.step_began_at is None:
                return RolloutCheck(_status_of(rollout))
            counted = await work.platform.flags.count_trouble(rollout.step_began_at)
        over = over_limit(rollout.plan.limits, counted)
        return RolloutCheck(rollout.status, {measure: counted[measure] for measure in over})

    @activity.defn(name="flags.mark")
    async def mark(self, request: MarkInput) -> RolloutStatus:
        """Pause, resume or end the rollout; the old share is restored where its end requires it. Returns its status."""
        async with self._database.unit_of_work(Scope.platform()) as work:
            status = await self._mark(work, request)
        await notify(self._cache, FLAGS)
        return status

    async def _mark(self, work: UnitOfWork, request: MarkInput) -> RolloutStatus:
        rollout = await work.platform.flags.lock_rollout(request.rollout_id)
        if rollout is None or rollout.status in OVER:
            return _status_of(rollout)
        await work.platform.flags.mark_rollout(rollout, request.status, self._now(), request.reason)
        if request.status is RolloutStatus.STOPPED:
            await work.platform.attention.file(
                "rollout_stopped",
                f"rollout_stopped:{rollout.id}",
                details={"flag_id": rollout.flag_id, **request.reason},
            )
        return request.status


def _status_of(rollout: RolloutRow | None) -> RolloutStatus:
    """Its status; superseded if the flag was deleted."""
    return RolloutStatus.SUPERSEDED if rollout is None else rollout.status
