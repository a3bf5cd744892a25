"""One round of maintenance: every step has its turn, and one that fails keeps no other from it."""

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.media.media import MediaActivities, MediaSweepInput
    from activities.platform.attention import AttentionActivities, AttentionInput
    from activities.platform.maintenance import MaintenanceActivities, PartitionsInput, SweepInput
    from domain.platform.retention import RetainedData
    from workflows.platform.maintenance import messages
    from workflows.support import options
    from workflows.support.refusals import fail_workflow_task

#: The steps' names in `attention`, beside those of what is swept.
AUDIT_PARTITIONS = "audit_partitions"
FILES = "files"


@workflow.defn(name=messages.WORKFLOW)
class MaintenanceWorkflow:
    """Started by a schedule. Steps are safe to repeat, so a round that is interrupted is finished by the next one."""

    def __init__(self) -> None:
        self._removed: dict[str, int] = {}
        self._failed: list[str] = []

    @workflow.run
    async def run(self, start: messages.MaintenanceInput) -> messages.MaintenanceDone:
        """What was done, and what was filed for a person."""
        for what in start.sweep:
            await self._sweep(what)
        if start.audit_months:
            await self._make_audit_partitions(start.audit_months)
        if start.files:
            await self._sweep_files()
        return messages.MaintenanceDone(self._removed, tuple(self._failed))

    async def _sweep(self, what: RetainedData) -> None:
        try:
            self._removed[what] = await workflow.execute_activity_method(
                MaintenanceActivities.sweep, SweepInput(what), **options.SWEEP
            )
        except ActivityError as error:
            await self._tell(what, error)

    async def _make_audit_partitions(self, months: int) -> None:
        try:
            await workflow.execute_activity_method(
                MaintenanceActivities.make_audit_partitions, PartitionsInput(months), **options.SWEEP
            )
        except ActivityError as error:
            await self._tell(AUDIT_PARTITIONS, error)

    async def _sweep_files(self) -> None:
        try:
            self._removed[FILES] = await workflow.execute_activity_method(
                MediaActivities.sweep, MediaSweepInput(), **options.SWEEP_FILES
            )
        except ActivityError as error:
            await self._tell(FILES, error)

    async def _tell(self, step: str, error: ActivityError) -> None:
        """Hand the step to a person; the next round tries it again all the same."""
        if is_cancelled_exception(error):
            raise error
        self._failed.append(step)
        details = {"step": step, "run": workflow.info().workflow_id}
        matter = AttentionInput("maintenance_failed", f"maintenance_failed:{step}", details=details)
        with fail_workflow_task("attention.file"):
            await workflow.execute_local_activity_method(AttentionActivities.file, matter, **options.STEP)
