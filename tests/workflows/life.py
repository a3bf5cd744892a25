"""A run under test: its worker, its world, and short words for what people and machines say to it."""

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
from domain.payments.status import PaymentStatus
from domain.platform.actor import ActorKind
from tests.workflows.world import World
from workers.sandbox import workflow_runner
from workflows.bookings.booking import messages
from workflows.bookings.booking.workflow import BookingWorkflow
from workflows.support import ids, queues


@dataclass
class Life:
    """One booking's run. Times move only by ``forward``."""

    env: WorkflowEnvironment
    world: World
    handle: WorkflowHandle

    async def forward(self, by: timedelta) -> None:
        """Move this run's clock."""
        self.world.ahead += by
        await self.env.fast_forward(self.handle, by)

    async def forward_to(self, moment: datetime, slack: timedelta = timedelta(seconds=5)) -> None:
        """Move this run's clock just past ``moment``."""
        await self.forward(moment - await self.env.get_current_time(self.handle) + slack)

    async def hears(self, status: PaymentStatus) -> UUID:
        """The provider's state changes, and the run gets the event."""
        webhook_id = self.world.event(status)
        await self.signal(webhook_id)
        return webhook_id

    async def gets_new_card(self) -> UUID:
        """Another card was authorized, and the run gets the event."""
        webhook_id = self.world.new_card()
        await self.signal(webhook_id)
        return webhook_id

    async def pays(self) -> None:
        """The money comes, and the booking is confirmed."""
        await self.hears(PaymentStatus.AUTHORIZED if self.world.manual_capture else PaymentStatus.CAPTURED)
        await self.calls("bookings.confirm")
        await self.sees(lambda: self.world.booking.status is BookingStatus.CONFIRMED)

    async def signal(self, webhook_id: UUID) -> None:
        """The relay's signal."""
        await self.handle.signal(messages.PAYMENT_EVENT, messages.PaymentEventInput(webhook_id))

    async def says(
        self, update: str, command_id: str | None = None, by: ActorKind = ActorKind.STAFF, **more: object
    ) -> BookingOutcome:
        """A person's command."""
        booking = self.world.booking
        command = BookingCommand(booking.booking_id, booking.business_id, command_id or str(uuid4()), by, **more)
        return await self.handle.execute_update(
            update, command, id=command.command_id, result_type=BookingOutcome, rpc_timeout=timedelta(seconds=20)
        )

    async def state(self) -> messages.BookingRunState:
        """The run's own words."""
        return await self.handle.query(messages.STATE, result_type=messages.BookingRunState)

    async def shows(self, key: SearchAttributeKey) -> object:
        """A search attribute, as an operator finds it."""
        return (await self.handle.describe()).typed_search_attributes.get(key)

    async def sees(self, condition: Callable[[], bool]) -> None:
        """Wait in real time until the world is so."""
        async with asyncio.timeout(20):
            while not condition():  # noqa: ASYNC110 (the world is changed by activities, which set no event)
                await asyncio.sleep(0.01)

    async def calls(self, name: str, times: int = 1) -> None:
        """Wait until an activity was called so often."""
        await self.sees(lambda: self.world.names().count(name) >= times)

    async def ends(self) -> BookingOutcome:
        """Skip to the end."""
        with contextlib.suppress(RPCError):  # it is over already
            await self.env.fast_forward(self.handle)
        async with asyncio.timeout(30):
            return await self.handle.result()

    async def history(self) -> WorkflowHistory:
        """All its events."""
        return await self.handle.fetch_history()


@contextlib.asynccontextmanager
async def working(env: WorkflowEnvironment, world: World, **worker: object) -> AsyncIterator[None]:
    """The workers of bookings and payments."""
    bookings = Worker(
        env.client,
        task_queue=queues.BOOKINGS,
        workflows=[BookingWorkflow],
        activities=world.activities,
        interceptors=[ErrorInterceptor()],
        workflow_runner=workflow_runner(),
        **worker,
    )
    payments = Worker(env.client, task_queue=queues.PAYMENTS, activities=[world.perform])
    async with bookings, payments:
        yield


async def begin(
    env: WorkflowEnvironment, world: World, resumed: bool = False, webhook_id: UUID | None = None, **more: int
) -> Life:
    """Start the run without skipping; with ``webhook_id`` as the relay starts it after an earlier one."""
    signal = {"start_signal": messages.PAYMENT_EVENT, "start_signal_args": [messages.PaymentEventInput(webhook_id)]}
    with env.with_time_skipping_disabled():
        handle = await env.client.start_workflow(
            messages.WORKFLOW,
            messages.BookingInput(world.booking, resumed, **more),
            id=ids.booking(world.booking.booking_id),
            task_queue=queues.BOOKINGS,
            result_type=BookingOutcome,
            **(signal if webhook_id else {}),
        )
    return Life(env, world, handle)


@contextlib.asynccontextmanager
async def living(env: WorkflowEnvironment, world: World, **start: object) -> AsyncIterator[Life]:
    """A run with its worker; ended with the test."""
    async with working(env, world):
        life = await begin(env, world, **start)
        try:
            yield life
        finally:
            with contextlib.suppress(RPCError):
                await life.handle.terminate("the test is over")
