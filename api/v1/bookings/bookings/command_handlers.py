"""The handler of all commands: check permission and key, call the workflow, read the result, answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from starlette.responses import Response

from api.access.callers import Access, ApiServices, Command
from api.http.envelope import SuccessMessage, ok
from api.http.idempotency import Key, store_response
from api.http.operation_errors import raises
from api.v1.bookings.bookings.command_client import BookingCommands
from api.v1.bookings.bookings.schemas import BookingChangedRead
from domain.bookings.commands import BookingCommand, BookingOutcome, Cause
from domain.bookings.errors import HoldLimit
from domain.bookings.snapshot import BookingSnapshot
from domain.errors import Gone, Unauthenticated, WrongState
from domain.identity.errors import InvalidLink
from workflows.bookings.booking import messages

_MESSAGES: Mapping[str, SuccessMessage] = {
    messages.CANCEL: SuccessMessage.BOOKING_CANCELLED,
    messages.RESCHEDULE: SuccessMessage.BOOKING_MOVED,
    messages.PROVE_CONTACT: SuccessMessage.ADDRESS_CONFIRMED,
    messages.CONFIRM: SuccessMessage.BOOKING_APPROVED,
    messages.DECLINE: SuccessMessage.BOOKING_DECLINED,
    messages.CHECK_IN: SuccessMessage.BOOKING_CHECKED_IN,
    messages.COMPLETE: SuccessMessage.BOOKING_COMPLETED,
    messages.NO_SHOW: SuccessMessage.BOOKING_NO_SHOW,
    messages.UNDO: SuccessMessage.BOOKING_UNDONE,
}


@dataclass(frozen=True, slots=True)
class CommandRequest:
    """A requested command. ``update`` is the workflow's name for it, ``typed`` the person's text; the rest as in
    `BookingCommand`."""

    update: str
    typed: str | None = None
    start_at: datetime | None = None
    resource_ids: tuple[UUID, ...] = ()
    waive_penalty: bool = False
    stranded: bool = False
    cause: Cause | None = None


@raises(WrongState)
async def execute_command(
    services: ApiServices, access: Access, booking_id: UUID, key: Key, request: CommandRequest
) -> Response:
    """The booking after the command. Raises the refusals of permission, key and workflow, and Unavailable when Temporal
    is unavailable; then the same key may be sent again."""
    async with access.command(booking_id, key, request.typed) as command:
        outcome = await _ask(services, command, booking_id, request)
        async with command.finish() as work:
            booking = await work.bookings.get(booking_id)
            answer = BookingChangedRead.after(booking, access.works_here, outcome)
            return await store_response(work, ok(answer, _MESSAGES[request.update]), command.idempotency_key)


@raises(execute_command, Gone, InvalidLink, HoldLimit)
async def prove_contact(
    services: ApiServices, access: Access, booking_id: UUID, key: Key, token: str, now: datetime
) -> Response:
    """The booking after the proof of its address. Raises InvalidLink for a token of another object, Gone for an expired
    one, and what ``execute_command`` raises."""
    async with access.work(booking_id):
        pass  # A caller who may not see the booking must learn nothing about the token.
    try:
        proven = services.booking_links.read_proof(token, now)
    except Unauthenticated as error:
        raise InvalidLink from error
    if proven != booking_id:
        raise InvalidLink
    return await execute_command(services, access, booking_id, key, CommandRequest(messages.PROVE_CONTACT))


async def _ask(services: ApiServices, command: Command, booking_id: UUID, request: CommandRequest) -> BookingOutcome:
    asked = BookingCommand(
        booking_id=booking_id,
        business_id=command.access.business_id,
        command_id=command.id,
        actor_kind=command.actor.kind,
        actor_id=command.actor.user_id,
        cause=request.cause,
        start_at=request.start_at,
        resource_ids=request.resource_ids,
        waive_penalty=request.waive_penalty,
        stranded=request.stranded,
    )

    async def snapshot() -> BookingSnapshot:
        async with command.finish() as work:
            return await work.bookings.snapshot(booking_id)

    client = BookingCommands(services.temporal, services.settings.temporal_rpc_timeout)
    try:
        return await client.send(request.update, asked, snapshot)
    except WrongState:
        # A worker may have died after the commit and before the workflow knew. Another event then gave the run the new
        # status, and a repeat of the command is refused although it was executed.
        async with command.finish() as work:
            executed = await work.bookings.changes.find_outcome(booking_id, command.id)
        if executed is None:
            raise
        return executed
