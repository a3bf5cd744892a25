"""A booking workflow with one change that nobody may make without a patch: it shows that the replay sees it."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.bookings.commands import BookingOutcome
    from workflows.bookings.booking import messages
    from workflows.bookings.booking.workflow import BookingWorkflow


@workflow.defn(name=messages.WORKFLOW)
class ConfirmsBeforeMoney(BookingWorkflow):
    """Confirms, and asks for the money afterwards."""

    @workflow.init
    def __init__(self, start: messages.BookingInput) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: messages.BookingInput) -> BookingOutcome:
        await self._confirm()
        return await super().run(start)
