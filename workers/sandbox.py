"""How workflow code runs: in the sandbox, each run with its own copy of its workflow module and of nothing else."""

from dataclasses import replace

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import SandboxImportNotificationPolicy

#: What the data converter imports by itself inside a run; our own modules are named in each workflow's import block.
_CONVERTER = ("pydantic", "pydantic_core", "annotated_types", "typing_inspection", "typing_extensions")


def workflow_runner() -> SandboxedWorkflowRunner:
    """Used by workers, tests and the replayer alike. A module that is imported without being named raises: it would
    be loaded again for every run."""
    return SandboxedWorkflowRunner(
        restrictions=replace(
            SandboxRestrictions.default.with_passthrough_modules(*_CONVERTER),
            import_notification_policy=SandboxImportNotificationPolicy.RAISE_ON_UNINTENTIONAL_PASSTHROUGH
            | SandboxImportNotificationPolicy.WARN_ON_DYNAMIC_IMPORT,
        )
    )
