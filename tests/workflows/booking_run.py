"""A booking run under test, with its worker, its stand-in for Postgres, and the commands and events that reach it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from temporalio.client import WorkflowHandle, WorkflowHistory
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.support.errors import ErrorInterceptor
from domain.booking_status import BookingStatus
from domain.bookings.commands import BookingCommand, BookingOutcome
from domain.payments.status import Movement, PaymentStatus
from domain.payments.tasks import MoneyTask
from domain.platform.actor import ActorKind
from tests.support.workflow_sandbox import workflow_runner
from tests.workflows.booking_stub import BookingStub
from workflows.bookings.booking import messages
from workflows.bookings.booking.workflow import BookingWorkflow
from workflows.support import ids, queues


@dataclass
class BookingRun:
    """One booking's run. Times move only by ``forward``."""

    env: WorkflowEnvironment
    stub: BookingStub
    handle: WorkflowHandle

    async def forward(self, by: timedelta) -> None:
        """Move this run's clock."""
        self.stub.ahead += by
        await self.env.fast_forward(self.handle, by)

    async def forward_to(self, moment: datetime, slack: timedelta = timedelta(seconds=5)) -> None:
        """Move this run's clock just past ``moment``."""
        await self.forward(moment - await self.env.get_current_time(self.handle) + slack)

    async def receive(self, status: PaymentStatus) -> UUID:
        """The provider's state changes, and the run gets the event."""
        webhook_id = self.stub.event(status)
        await self.signal(webhook_id)
        return webhook_id

    async def receive_new_card(self) -> UUID:
        """Another card was authorized, and the run gets the event."""
        webhook_id = self.stub.new_card()
        await self.signal(webhook_id)
        return webhook_id

    async def pay(self) -> None:
        """The money comes, and the booking is confirmed."""
        await self.receive(PaymentStatus.AUTHORIZED if self.stub.manual_capture else PaymentStatus.CAPTURED)
        await self.wait_for_calls("bookings.confirm")
        await self.wait_until(lambda: self.stub.booking.status is BookingStatus.CONFIRMED)

    async def signal(self, webhook_id: UUID) -> None:
        """The relay's signal."""
        await self.handle.signal(messages.PAYMENT_EVENT, messages.PaymentEventInput(webhook_id))

    async def order(self, movement: Movement, amount: int) -> MoneyTask:
        """A manager's order about the card hold, as the relay brings it."""
        booking, payment = self.stub.booking, self.stub.payment
        assert payment is not None
        task = MoneyTask(
            *(f"order:{uuid4()}", movement, payment.payment_id, booking.booking_id, booking.business_id, "stripe"),
            *(self.stub.intent_id, amount, "JPY", booking.amount_due, True),
        )
        self.stub.orders[task.movement_id] = task
        await self.handle.signal(messages.MOVE_MONEY, messages.MoveMoneyInput(task.movement_id))
        return task

    async def execute(
        self, update: str, command_id: str | None = None, by: ActorKind = ActorKind.STAFF, **more: object
    ) -> BookingOutcome:
        """A person's command."""
        booking = self.stub.booking
        command = BookingCommand(booking.booking_id, booking.business_id, command_id or str(uuid4()), by, **more)
        return await self.handle.execute_update(
            update, command, id=command.command_id, result_type=BookingOutcome, rpc_timeout=timedelta(seconds=20)
        )

    async def state(self) -> messages.BookingRunState:
        """The run's own words."""
        return await self.handle.query(messages.STATE, result_type=messages.BookingRunState)

    async def search_attribute(self, key: SearchAttributeKey) -> object:
        """A search attribute, as an operator finds it."""
        return (await self.handle.describe()).typed_search_attributes.get(key)

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait in real time until the stub is so."""
        async with asyncio.timeout(20):
            while not condition():  # noqa: ASYNC110 (the stub is changed by activities, which set no event)
                await asyncio.sleep(0.01)

    async def wait_for_calls(self, name: str, times: int = 1) -> None:
        """Wait until an activity was called so often."""
        await self.wait_until(lambda: self.stub.names().count(name) >= times)

    async def finish(self) -> BookingOutcome:
        """Skip to the end."""
        with contextlib.suppress(RPCError):  # it is over already
            await self.env.fast_forward(self.handle)
        async with asyncio.timeout(30):
            return await self.handle.result()

    async def history(self) -> WorkflowHistory:
        """All its events."""
        return await self.handle.fetch_history()


@contextlib.asynccontextmanager
async def working(env: WorkflowEnvironment, stub: BookingStub, **worker: object) -> AsyncIterator[None]:
    """The workers of bookings and payments."""
    bookings = Worker(
        env.client,
        task_queue=queues.BOOKINGS,
        workflows=[BookingWorkflow],
        activities=stub.activities,
        interceptors=[ErrorInterceptor()],
        workflow_runner=workflow_runner(),
        **worker,
    )
    payments = Worker(env.client, task_queue=queues.PAYMENTS, activities=[stub.perform])
    async with bookings, payments:
        yield


async def begin(
    env: WorkflowEnvironment, stub: BookingStub, resumed: bool = False, webhook_id: UUID | None = None, **more: int
) -> BookingRun:
    """Start the run without skipping; with ``webhook_id`` as the relay starts it after an earlier one."""
    signal = {"start_signal": messages.PAYMENT_EVENT, "start_signal_args": [messages.PaymentEventInput(webhook_id)]}
    with env.with_time_skipping_disabled():
        handle = await env.client.start_workflow(
            messages.WORKFLOW,
            messages.BookingInput(stub.booking, resumed, **more),
            id=ids.booking(stub.booking.booking_id),
            task_queue=queues.BOOKINGS,
            result_type=BookingOutcome,
            **(signal if webhook_id else {}),
        )
    return BookingRun(env, stub, handle)


@contextlib.asynccontextmanager
async def running(env: WorkflowEnvironment, stub: BookingStub, **start: object) -> AsyncIterator[BookingRun]:
    """A run with its worker; ended with the test."""
    async with working(env, stub):
        run = await begin(env, stub, **start)
        try:
            yield run
        finally:
            with contextlib.suppress(RPCError):
                await run.handle.terminate("the test is over")
