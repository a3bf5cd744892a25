"""The sandbox of workflow code in tests and replays: each run imports its own copy of the workflow module only.

Workers run without it (`workers.main`): importing the module again takes more than half of the time of a run, and what
the sandbox finds, every test of a workflow and every replay of a history has found before.
"""

from dataclasses import replace

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import SandboxImportNotificationPolicy

#: Modules that the data converter imports by itself inside a run; ours are named in each workflow's import block.
_CONVERTER = ("pydantic", "pydantic_core", "annotated_types", "typing_inspection", "typing_extensions")


def workflow_runner() -> SandboxedWorkflowRunner:
    """The runner of tests and of the replayer. An import of a module that is not named raises: the module would
    be loaded again for every run."""
    return SandboxedWorkflowRunner(
        restrictions=replace(
            SandboxRestrictions.default.with_passthrough_modules(*_CONVERTER),
            import_notification_policy=SandboxImportNotificationPolicy.RAISE_ON_UNINTENTIONAL_PASSTHROUGH
            | SandboxImportNotificationPolicy.WARN_ON_DYNAMIC_IMPORT,
        )
    )
