"""The sandbox of workflow code, where each run imports its own copy of the workflow module only."""

from dataclasses import replace

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import SandboxImportNotificationPolicy

#: Modules that the data converter imports by itself inside a run; ours are named in each workflow's import block.
_CONVERTER = ("pydantic", "pydantic_core", "annotated_types", "typing_inspection", "typing_extensions")


def workflow_runner() -> SandboxedWorkflowRunner:
    """The runner of workers, tests and the replayer. An import of a module that is not named raises: the module would
    be loaded again for every run."""
    return SandboxedWorkflowRunner(
        restrictions=replace(
            SandboxRestrictions.default.with_passthrough_modules(*_CONVERTER),
            import_notification_policy=SandboxImportNotificationPolicy.RAISE_ON_UNINTENTIONAL_PASSTHROUGH
            | SandboxImportNotificationPolicy.WARN_ON_DYNAMIC_IMPORT,
        )
    )
