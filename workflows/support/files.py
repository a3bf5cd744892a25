"""The process of a file that is written for somebody: it is kept for its time and then removed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.platform.attention import AttentionActivities, AttentionInput
    from domain.platform.files import FileStatus
    from workflows.support import options
    from workflows.support.refusals import fail_workflow_task

About = TypeVar("About")

#: Between two rounds of tries to delete a file: the storage may refuse at once.
_PAUSE = timedelta(hours=1)


@dataclass(frozen=True)
class FileProcess(Generic[About]):
    """The steps of one kind of file, ``about`` one row. ``stuck`` is filed when a step fails for a day, ``config`` are
    the options of all three steps. ``fail`` was a local activity named ``fail_name`` in runs from before 2026-12-10."""

    about: About
    write: Callable[[Any, About], Awaitable[datetime | None]]
    remove: Callable[[Any, About], Awaitable[None]]
    fail: Callable[[Any, About], Awaitable[None]]
    fail_name: str
    stuck: AttentionInput
    config: workflow.ActivityConfig

    async def run(self) -> FileStatus:
        """Runs as long as the file exists. ``expired``, or ``failed`` when the file could not be written."""
        try:
            until = await workflow.execute_activity_method(self.write, self.about, **self.config)
            if until is None:
                return FileStatus.EXPIRED
            await workflow.sleep(max(0.0, (until - workflow.now()).total_seconds()))
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            return await self._give_up()
        return await self._remove()

    async def _remove(self) -> FileStatus:
        """Until it is done: a file that may have personal data must not stay. Each day without success is reported."""
        while True:
            try:
                await workflow.execute_activity_method(self.remove, self.about, **self.config)
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                # Remove the patch when no run from before 2026-12-10 is open.
                if not workflow.patched("archive-removal-is-repeated"):
                    return await self._give_up()
                await self._report()
                # Remove the patch when no run from before 2027-01-10 is open.
                if workflow.patched("archive-removal-pauses"):
                    await workflow.sleep(_PAUSE)
            else:
                return FileStatus.EXPIRED

    async def _give_up(self) -> FileStatus:
        """The file could not be written: an attention item is filed, and what is there of it is deleted, until that is
        done."""
        # Remove the patch when no run from before 2026-12-10 is open.
        if not workflow.patched("failed-file-is-deleted"):
            with fail_workflow_task(self.fail_name):
                await workflow.execute_local_activity_method(self.fail, self.about, **options.STEP)
            await self._report()
            return FileStatus.FAILED
        await self._report()
        while True:
            try:
                await workflow.execute_activity_method(self.fail, self.about, **self.config)
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                await self._report()
                await workflow.sleep(_PAUSE)
            else:
                return FileStatus.FAILED

    async def _report(self) -> None:
        with fail_workflow_task("attention.file"):
            await workflow.execute_local_activity_method(AttentionActivities.file, self.stuck, **options.STEP)
