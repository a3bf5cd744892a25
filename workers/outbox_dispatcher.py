"""What each command of the outbox says to Temporal. Delivering one twice changes nothing."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from temporalio.client import Client
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from db.engine.session import Database, Scope
from db.platform.outbox import (
    CANCEL_STRANDED,
    PAYMENT_EVENT,
    REACCOMMODATION_DECIDED,
    START_BOOKING,
    START_ERASURE,
    START_EXPORT,
    START_MEDIA,
    START_NOTICE,
    START_REACCOMMODATION,
    START_REFUND,
    START_ROLLOUT,
    START_VERIFICATION,
    Command,
)
from domain.onboarding.verification import ReviewStatus
from workflows.bookings.booking import messages as booking_messages
from workflows.bookings.booking.start import attributes_of, summary_of
from workflows.media.inspection import messages as media_messages
from workflows.messages.notice import messages as notice_messages
from workflows.onboarding.verification import messages as verification_messages
from workflows.payments.refund import messages as refund_messages
from workflows.platform.flag_rollout import messages as rollout_messages
from workflows.privacy.erasure import messages as erasure_messages
from workflows.privacy.export import messages as export_messages
from workflows.scheduling.reaccommodation import messages as reaccommodation_messages
from workflows.support import ids, queues
from workflows.support.search_attributes import BOOKING_ID, BUSINESS_ID, STAGE

#: One call to Temporal; the lease is longer than all calls of one delivery.
CALL = timedelta(seconds=5)


@dataclass(frozen=True)
class PaymentEvent:
    """Payload of ``booking.payment_event``."""

    booking_id: UUID
    business_id: UUID
    webhook_id: UUID


@dataclass(frozen=True)
class ReaccommodationEvent:
    """Payload of ``reaccommodation.decided`` and ``booking.cancel_stranded``."""

    reaccommodation_id: UUID
    business_id: UUID
    booking_id: UUID
    status: str


_BOOKING = TypeAdapter(booking_messages.BookingInput)
_EVENT = TypeAdapter(PaymentEvent)
_REFUND = TypeAdapter(refund_messages.RefundInput)
_NOTICE = TypeAdapter(notice_messages.NoticeInput)
_ROLLOUT = TypeAdapter(rollout_messages.RolloutInput)
_MEDIA = TypeAdapter(media_messages.MediaInput)
_REACCOMMODATION = TypeAdapter(reaccommodation_messages.ReaccommodationInput)
_DECISION = TypeAdapter(ReaccommodationEvent)
_EXPORT = TypeAdapter(export_messages.ExportInput)
_ERASURE = TypeAdapter(erasure_messages.ErasureInput)
_VERIFICATION = TypeAdapter(verification_messages.VerificationInput)


class OutboxDispatcher:
    """Carries one command. Payloads by name of the command:

    * ``booking.start``: `BookingInput`; * ``booking.payment_event``: `PaymentEvent`;
    * ``refund.start``: `RefundInput`; * ``notice.start``: `NoticeInput`; * ``flag_rollout.start``: `RolloutInput`;
    * ``media.start``: `MediaInput`; * ``reaccommodation.start``: `ReaccommodationInput`;
    * ``reaccommodation.decided`` and ``booking.cancel_stranded``: `ReaccommodationEvent`;
    * ``data_export.start``: `ExportInput`; * ``erasure.start``: `ErasureInput`;
    * ``verification.start``: `VerificationInput`.
    """

    def __init__(self, client: Client, database: Database) -> None:
        self._client = client
        self._database = database
        self._ways: Mapping[str, Callable[[Command], Awaitable[None]]] = {
            START_BOOKING: self._start_booking,
            PAYMENT_EVENT: self._tell_of_payment,
            START_REFUND: self._start_refund,
            START_NOTICE: self._start_notice,
            START_ROLLOUT: self._start_rollout,
            START_MEDIA: self._start_media,
            START_REACCOMMODATION: self._start_reaccommodation,
            REACCOMMODATION_DECIDED: self._tell_of_decision,
            CANCEL_STRANDED: self._cancel_stranded,
            START_EXPORT: self._start_export,
            START_ERASURE: self._start_erasure,
            START_VERIFICATION: self._start_verification,
        }

    async def deliver(self, command: Command) -> None:
        """Comes back when Temporal has it, from now or from before.

        Raises:
            KeyError: no such command. pydantic.ValidationError: not its payload. RPCError: Temporal did not take it.
        """
        await self._ways[command.command](command)

    async def _start_booking(self, command: Command) -> None:
        start = _BOOKING.validate_python(command.payload)
        await self._start_once(
            command,
            booking_messages.WORKFLOW,
            start,
            ids.booking(start.booking.booking_id),
            queues.BOOKINGS,
            attributes_of(start.booking),
            summary_of(start.booking),
        )

    async def _start_refund(self, command: Command) -> None:
        start = _REFUND.validate_python(command.payload)
        attributes = [
            SearchAttributePair(BUSINESS_ID, str(start.business_id)),
            SearchAttributePair(BOOKING_ID, str(start.booking_id)),
        ]
        await self._start_once(
            command,
            refund_messages.WORKFLOW,
            start,
            ids.refund(start.refund_id),
            queues.PAYMENTS,
            TypedSearchAttributes(attributes),
            f"refund for booking {start.booking_id}",
        )

    async def _start_notice(self, command: Command) -> None:
        start = _NOTICE.validate_python(command.payload)
        business = [SearchAttributePair(BUSINESS_ID, str(start.business_id))] if start.business_id else []
        await self._start_once(
            command,
            notice_messages.WORKFLOW,
            start,
            ids.notice(start.notice_id),
            queues.NOTICES,
            TypedSearchAttributes(business),
            start.kind,
            # A person asked to try again after the first run had given up.
            again=command.event == "notice.retried",
        )

    async def _start_rollout(self, command: Command) -> None:
        start = _ROLLOUT.validate_python(command.payload)
        await self._start_once(
            command,
            rollout_messages.WORKFLOW,
            start,
            ids.flag_rollout(start.rollout_id),
            queues.PLATFORM,
            TypedSearchAttributes.empty,
            f"{start.flag}: {len(start.plan.steps)} steps",
        )

    async def _start_media(self, command: Command) -> None:
        start = _MEDIA.validate_python(command.payload)
        attributes = TypedSearchAttributes([SearchAttributePair(BUSINESS_ID, str(start.business_id))])
        await self._start_once(
            command, media_messages.WORKFLOW, start, ids.media(start.media_id), queues.MEDIA, attributes, "a file"
        )

    async def _start_export(self, command: Command) -> None:
        start = _EXPORT.validate_python(command.payload)
        await self._start_once(
            command,
            export_messages.WORKFLOW,
            start,
            ids.export(start.export_id),
            queues.PLATFORM,
            TypedSearchAttributes.empty,
            "a person's copy of their data",
        )

    async def _start_erasure(self, command: Command) -> None:
        start = _ERASURE.validate_python(command.payload)
        await self._start_once(
            command,
            erasure_messages.WORKFLOW,
            start,
            ids.erasure(start.user_id),
            queues.PLATFORM,
            TypedSearchAttributes.empty,
            "a person asked to be forgotten",
        )

    async def _start_verification(self, command: Command) -> None:
        start = _VERIFICATION.validate_python(command.payload)
        attributes = [
            SearchAttributePair(BUSINESS_ID, str(start.business_id)),
            SearchAttributePair(STAGE, ReviewStatus.WAITING.value),
        ]
        await self._start_once(
            command,
            verification_messages.WORKFLOW,
            start,
            ids.verification(start.business_id),
            queues.PLATFORM,
            TypedSearchAttributes(attributes),
            f"review {start.verification_id}",
            # A business that was turned away may ask again.
            again=True,
        )

    async def _start_once(
        self,
        command: Command,
        workflow: str,
        start: object,
        workflow_id: str,
        queue: str,
        attributes: TypedSearchAttributes,
        summary: str,
        again: bool = False,
    ) -> None:
        reuse = WorkflowIDReusePolicy.ALLOW_DUPLICATE if again else WorkflowIDReusePolicy.REJECT_DUPLICATE
        try:
            await self._client.start_workflow(
                workflow,
                start,
                id=workflow_id,
                task_queue=queue,
                id_reuse_policy=reuse,
                search_attributes=attributes,
                static_summary=summary,
                memo=_memo(command),
                rpc_timeout=CALL,
            )
        except WorkflowAlreadyStartedError:
            return

    async def _start_reaccommodation(self, command: Command) -> None:
        start = _REACCOMMODATION.validate_python(command.payload)
        attributes = [
            SearchAttributePair(BUSINESS_ID, str(start.business_id)),
            SearchAttributePair(BOOKING_ID, str(start.booking_id)),
        ]
        await self._start_once(
            command,
            reaccommodation_messages.WORKFLOW,
            start,
            ids.reaccommodation(start.booking_id, start.number),
            queues.BOOKINGS,
            TypedSearchAttributes(attributes),
            f"another time for booking {start.booking_id}, until {start.decide_by:%Y-%m-%d %H:%M} UTC",
        )

    async def _tell_of_decision(self, command: Command) -> None:
        """Signal the re-accommodation's run; one that is over knows."""
        decision = _DECISION.validate_python(command.payload)
        async with self._database.unit_of_work(Scope.tenant(decision.business_id)) as work:
            row = await work.scheduling.reaccommodations.get(decision.reaccommodation_id)
        try:
            await self._client.get_workflow_handle(ids.reaccommodation(row.booking_id, row.number)).signal(
                reaccommodation_messages.DECIDED,
                reaccommodation_messages.DecidedInput(decision.status),
                rpc_timeout=CALL,
            )
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise

    async def _tell_of_payment(self, command: Command) -> None:
        event = _EVENT.validate_python(command.payload)
        message = booking_messages.PaymentEventInput(event.webhook_id)
        await self._tell_booking(command, event.booking_id, event.business_id, booking_messages.PAYMENT_EVENT, message)

    async def _cancel_stranded(self, command: Command) -> None:
        about = _DECISION.validate_python(command.payload)
        message = booking_messages.StrandedInput(about.reaccommodation_id)
        await self._tell_booking(command, about.booking_id, about.business_id, booking_messages.STRANDED, message)

    async def _tell_booking(
        self, command: Command, booking_id: UUID, business_id: UUID, signal: str, message: object
    ) -> None:
        """Signal the run; if it is over, start a new one with the news."""
        workflow_id = ids.booking(booking_id)
        try:
            await self._client.get_workflow_handle(workflow_id).signal(signal, message, rpc_timeout=CALL)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        else:
            return
        async with self._database.unit_of_work(Scope.tenant(business_id)) as work:
            booking = await work.bookings.snapshot(booking_id)
        await self._client.start_workflow(
            booking_messages.WORKFLOW,
            booking_messages.BookingInput(booking, resumed=True),
            id=workflow_id,
            task_queue=queues.BOOKINGS,
            # Somebody else's news may have started it a moment ago: then this is one more signal.
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            start_signal=signal,
            start_signal_args=[message],
            search_attributes=attributes_of(booking),
            static_summary=summary_of(booking),
            memo=_memo(command),
            rpc_timeout=CALL,
        )


def _memo(command: Command) -> dict[str, Any] | None:
    """The request that asked for it, to be found from the run."""
    return {"request_id": command.request_id} if command.request_id else None
