"""Channels: what is on, numbers and their proof, LINE, browsers, the unread count, short links and webhooks."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query
from starlette.responses import Response

from api.access.callers import AnonymousCaller, CurrentUser, Now, Services
from api.access.signed_webhooks import PROVIDERS_BODY, Signed
from api.http import routing
from api.http.envelope import Envelope, SuccessMessage, created, ok
from api.http.fields import DeletedRead
from api.http.idempotency import OptionalKey, store_response
from api.http.operation_errors import raises
from api.http.rate_limits import RateClass, limited
from api.v1.messages.channels import handlers
from api.v1.messages.channels.schemas import (
    AddressRead,
    ChannelsRead,
    LineLinkCommand,
    NumberCreate,
    NumberVerifyCommand,
    ReceivedRead,
    ShortLinkRead,
    SubscriptionCreate,
    UnreadRead,
)
from domain.errors import Forbidden, ForgedWebhook, Gone, NotFound, RateLimited, Unavailable, WrongState
from domain.messages.permissions import MessageAction

router = routing.router("/notifications", tags=["notifications"])

Code = Annotated[str, Path(description="The end of the short address.", min_length=10, max_length=10)]


@router.get("/channels", summary="Get my channels", response_model=Envelope[ChannelsRead])
@raises(Forbidden)
async def get_channels(services: Services, caller: CurrentUser, now: Now) -> Response:
    """Which channels this platform sends through, and where the caller can be reached beside e-mail."""
    return ok(await handlers.shown(services, caller, now))


@router.post(
    "/channels/numbers", status_code=201, summary="Send a code to my number", response_model=Envelope[AddressRead]
)
@raises(Forbidden, WrongState, RateLimited)
@limited(RateClass.STRICT)
async def create_number(
    body: NumberCreate, services: Services, caller: CurrentUser, now: Now, key: OptionalKey
) -> Response:
    """The code comes by SMS and is valid for ten minutes. At most five codes a day for one login and one number."""
    async with caller.work(key, MessageAction.READ) as work:
        row = await handlers.start_number(services, work, caller, body.number.e164, now)
        return await store_response(work, created(AddressRead.of(row)))


@router.post("/channels/numbers/{address_id}/verify", summary="Verify my number", response_model=Envelope[AddressRead])
@raises(Forbidden, NotFound, Gone)
@limited(RateClass.STRICT)
async def verify_number(
    address_id: UUID, body: NumberVerifyCommand, services: Services, caller: CurrentUser, now: Now
) -> Response:
    """With the code of the SMS. It replaces the number that was used before; five wrong codes end it."""
    row = await handlers.prove_number(services, caller, address_id, body, now)
    return ok(AddressRead.of(row), SuccessMessage.UPDATED)


@router.put("/channels/line", summary="Set my account at LINE", response_model=Envelope[AddressRead])
@raises(Forbidden, WrongState, Gone, Unavailable)
@limited(RateClass.STRICT)
async def update_line(body: LineLinkCommand, services: Services, caller: CurrentUser, now: Now) -> Response:
    """LINE confirms who the caller is there. The platform's account must have been added as a friend."""
    return ok(AddressRead.of(await handlers.link_line(services, caller, body, now)), SuccessMessage.UPDATED)


@router.post(
    "/channels/push", status_code=201, summary="Register a browser for push", response_model=Envelope[AddressRead]
)
@raises(Forbidden, WrongState)
async def create_subscription(
    body: SubscriptionCreate, services: Services, caller: CurrentUser, now: Now, key: OptionalKey
) -> Response:
    """At most ten browsers of one login; the oldest goes first. A browser belongs to the login that came last."""
    handlers.check_browser(services, body)
    async with caller.work(key, MessageAction.READ) as work:
        row = await handlers.subscribe(work, caller, body, now)
        return await store_response(work, created(AddressRead.of(row)))


@router.delete("/channels/{address_id}", summary="Remove one of my addresses", response_model=Envelope[DeletedRead])
@raises(Forbidden, NotFound)
async def delete_address(address_id: UUID, caller: CurrentUser) -> Response:
    """Nothing is sent there from now on."""
    async with caller.work(action=MessageAction.READ) as work:
        await work.messages.channels.remove(caller.id, address_id)
    return ok(DeletedRead(id=address_id), SuccessMessage.DELETED)


@router.get("/unread", summary="Get the number of my unread messages", response_model=Envelope[UnreadRead])
@raises(Forbidden)
async def get_unread(caller: CurrentUser) -> Response:
    """In the app every message counts, whatever other channel it was sent through."""
    async with caller.work(action=MessageAction.READ) as work:
        return ok(UnreadRead(unread=await work.messages.notices.count_unread(caller.id)))


@router.get("/links/{code}", summary="Get the page of a short link", response_model=Envelope[ShortLinkRead])
@raises(NotFound)
@limited(RateClass.STRICT)
async def get_short_link(code: Code, services: Services, caller: AnonymousCaller) -> Response:
    """Messages by SMS have no room for a signed link. The code is as secret as that."""
    return ok(ShortLinkRead(url=await handlers.follow(services, caller, code)))


@router.post(
    "/webhook/twilio",
    summary="Receive the status of an SMS",
    response_model=Envelope[ReceivedRead],
    openapi_extra=PROVIDERS_BODY,
)
@raises(ForgedWebhook)
@limited(RateClass.NONE)
async def receive_twilio_webhook(
    signed: Signed, notice: Annotated[str, Query(max_length=64, description="The message that it is about.")] = ""
) -> Response:
    """Verified by its signature; applied in any order, any number of times."""
    return ok({"known": await handlers.apply_sms_status(signed, notice)})


@router.post(
    "/webhook/line",
    summary="Receive events of LINE",
    response_model=Envelope[ReceivedRead],
    openapi_extra=PROVIDERS_BODY,
)
@raises(ForgedWebhook)
@limited(RateClass.NONE)
async def receive_line_webhook(signed: Signed) -> Response:
    """Verified by its signature. People who block the account get no more messages there."""
    return ok({"known": await handlers.apply_line_events(signed)})
