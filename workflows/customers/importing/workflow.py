"""An import: page after page, until no row waits."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.customers.imports import CustomerImportActivities, ImportStepInput
    from workflows.customers.importing import messages
    from workflows.support import options
    from workflows.support.refusals import fail_workflow_task


@workflow.defn(name=messages.WORKFLOW)
class CustomerImportWorkflow:
    """Ends with the number of rows that were decided. A page is one transaction: a worker that dies loses none."""

    @workflow.run
    async def run(self, start: messages.CustomerImportInput) -> int:
        """Returns how many rows were decided."""
        about = ImportStepInput(start.import_id, start.business_id)
        taken = start.taken
        with fail_workflow_task("imports.take_page"):
            while page := await workflow.execute_local_activity_method(
                CustomerImportActivities.take_page, about, **options.STEP
            ):
                taken += page
        return taken
