"""One round of maintenance. Every step is run; a step that fails does not stop the others."""

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

#: Names of steps in `attention`, in addition to the kinds of data.
AUDIT_PARTITIONS = "audit_partitions"
FILES = "files"


@workflow.defn(name=messages.WORKFLOW)
class MaintenanceWorkflow:
    """Started by a schedule. Steps are safe to repeat: if a round is interrupted, the next one finishes its work."""

    def __init__(self) -> None:
        self._removed: dict[str, int] = {}
        self._failed: list[str] = []

    @workflow.run
    async def run(self, start: messages.MaintenanceInput) -> messages.MaintenanceDone:
        """Returns what was removed and which steps failed."""
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
            await self._raise_alert(what, error)

    async def _make_audit_partitions(self, months: int) -> None:
        try:
            await workflow.execute_activity_method(
                MaintenanceActivities.make_audit_partitions, PartitionsInput(months), **options.SWEEP
            )
        except ActivityError as error:
            await self._raise_alert(AUDIT_PARTITIONS, error)

    async def _sweep_files(self) -> None:
        try:
            self._removed[FILES] = await workflow.execute_activity_method(
                MediaActivities.sweep, MediaSweepInput(), **options.SWEEP_FILES
            )
        except ActivityError as error:
            await self._raise_alert(FILES, error)

    async def _raise_alert(self, step: str, error: ActivityError) -> None:
        """File an attention item. The next round tries the step again in any case."""
        if is_cancelled_exception(error):
            raise error
        self._failed.append(step)
        details = {"step": step, "run": workflow.info().workflow_id}
        item = AttentionInput("maintenance_failed", f"maintenance_failed:{step}", details=details)
        with fail_workflow_task("attention.file"):
            await workflow.execute_local_activity_method(AttentionActivities.file, item, **options.STEP)
