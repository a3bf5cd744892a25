"""Proves numbers, links LINE, stores browsers, and follows short links."""

import hashlib
import json
from datetime import datetime, timedelta
from uuid import UUID

from api.access.callers import ApiServices, AuthenticatedCaller, Caller
from api.access.signed_webhooks import SignedWebhook
from api.v1.messages.channels.schemas import (
    ChannelsRead,
    LineLinkCommand,
    NumberVerifyCommand,
    SubscriptionCreate,
)
from db.engine.session import Scope, UnitOfWork
from db.messages.channels import AddressRow
from domain.errors import ForgedWebhook, InvalidInput, RateLimited, Unauthenticated, Unavailable, WrongState
from domain.messages.channels import CODE_LASTS, CODES_PER_DAY, check_mobile, check_push_keys
from domain.messages.kinds import Channel, CodeKind
from domain.messages.permissions import MessageAction
from domain.messages.send_decision import A_DAY
from domain.platform.rate_limits import Window
from providers.errors import ProviderError
from runtime.links import Purpose
from runtime.phone_codes import PhoneCodes

#: How long a person has for LINE Login.
_NONCE_LASTS = timedelta(hours=1)


async def shown(services: ApiServices, caller: AuthenticatedCaller, now: datetime) -> ChannelsRead:
    """The channels, and the caller's addresses."""
    async with caller.work(action=MessageAction.READ) as work:
        rows = await work.messages.channels.list_(caller.id)
    channels, settings = services.channels, services.settings
    line = None
    if channels.line is not None and settings.line_login_channel_id:
        nonce = services.links.issue(Purpose.LINE_LOGIN, caller.id, now + _NONCE_LASTS)
        line = (settings.line_login_channel_id, nonce)
    return ChannelsRead.of(channels.on, rows, channels.push.public_key if channels.push else None, line)


async def start_number(
    services: ApiServices, work: UnitOfWork, caller: AuthenticatedCaller, number: str, now: datetime
) -> AddressRow:
    """Store a number and queue its code. Raises WrongState where SMS is off, InvalidInput for a number that is no
    mobile number of Japan, and RateLimited."""
    _require(services, Channel.SMS)
    check_mobile(number, "number")
    digest = hashlib.sha256(number.encode()).hexdigest()
    windows = [
        Window(f"phone_code:{subject}", CODES_PER_DAY, A_DAY) for subject in (f"user:{caller.id}", f"number:{digest}")
    ]
    counted = await work.platform.rate_limits.count(windows)
    if not all(one.allowed for one in counted):
        longest = max(one.resets_in for one in counted)
        raise RateLimited({"retry_after": max(1, int(longest.total_seconds()))})
    row = await work.messages.channels.start_number(caller.id, number, now)
    await work.messages.notices.queue_code(caller.id, row.id, CodeKind.PHONE_CODE, CODE_LASTS)
    return row


async def prove_number(
    services: ApiServices, caller: AuthenticatedCaller, address_id: UUID, body: NumberVerifyCommand, now: datetime
) -> AddressRow:
    """The number is the caller's if the code is right. A wrong try is counted. Raises NotFound, Gone and
    InvalidInput."""
    codes = PhoneCodes(services.links.keys)
    async with caller.work(action=MessageAction.READ) as work:
        rows = {row.id: row for row in await work.messages.channels.list_(caller.id)}
        known = rows.get(address_id)
        right = known is not None and codes.is_right(known.id, known.address, body.code)
        proven = await work.messages.channels.try_code(caller.id, address_id, right, now)
    if proven is None:
        raise InvalidInput.at("code", "wrong_code")
    return proven


async def link_line(
    services: ApiServices, caller: AuthenticatedCaller, body: LineLinkCommand, now: datetime
) -> AddressRow:
    """Store who the caller is on LINE, as LINE itself says it. Raises WrongState where LINE is off or the account is no
    friend, InvalidInput for a token that LINE does not confirm, and Unavailable."""
    line = services.channels.line
    _require(services, Channel.LINE)
    if services.links.read(Purpose.LINE_LOGIN, body.nonce, now) != caller.id:
        raise Unauthenticated({"reason": "invalid_link"})
    assert line is not None  # noqa: S101 - it is on
    try:
        line_user_id = await line.verify_login(body.id_token, body.nonce)
        if line_user_id is None:
            raise InvalidInput.at("id_token", "not_confirmed_by_line")
        is_friend = await line.is_friend(line_user_id)
    except ProviderError as error:
        raise Unavailable({"retry_after": 5}) from error
    if not is_friend:
        raise WrongState({"status": "not_a_friend", "wanted": "friend"})
    async with caller.work(action=MessageAction.READ) as work:
        return await work.messages.channels.link_line(caller.id, line_user_id, now)


async def subscribe(
    work: UnitOfWork, caller: AuthenticatedCaller, body: SubscriptionCreate, now: datetime
) -> AddressRow:
    """Store a browser that `check_browser` has accepted; it belongs to the login that came last."""
    keys = json.dumps({"p256dh": body.keys.p256dh, "auth": body.keys.auth})
    return await work.messages.channels.subscribe(caller.id, body.endpoint, keys, now)


async def follow(services: ApiServices, caller: Caller, code: str) -> str:
    """The signed link behind a short address. Raises NotFound."""
    async with services.database.unit_of_work(Scope.platform(), caller.context) as work:
        target = await work.messages.channels.target(code)
    if target.booking_id is not None and target.prove_until is not None:
        return services.booking_links.proof_url(target.booking_id, target.prove_until)
    if target.booking_id is not None:
        return services.booking_links.url(target.booking_id)
    token = services.waitlist_links.token(target.waitlist_entry_id or target.notice_id)
    return f"{services.settings.public_url.rstrip('/')}/waitlist/{token}"


async def apply_sms_status(signed: SignedWebhook, notice: str) -> int:
    """How many of our messages the status is about. Raises ForgedWebhook before anything is written."""
    sms = signed.services.channels.sms
    if sms is None:
        raise ForgedWebhook({"reason": "signature"})
    # Twilio signs the address that it was given, which is the public one.
    url = signed.services.settings.public_url.rstrip("/") + "/api/v1/notifications/webhook/twilio"
    report = sms.parse_webhook(f"{url}?notice={notice}" if notice else url, signed.body, signed.headers)
    async with signed.work() as work:
        return await work.messages.notices.apply_delivery([report])


async def apply_line_events(signed: SignedWebhook) -> int:
    """How many of our addresses the events are about. Raises ForgedWebhook before anything is written."""
    line = signed.services.channels.line
    if line is None:
        raise ForgedWebhook({"reason": "signature"})
    gone = line.parse_webhook(signed.body, signed.headers)
    async with signed.work() as work:
        return await work.messages.channels.unfollow(gone)


def check_browser(services: ApiServices, body: SubscriptionCreate) -> None:
    """Raises WrongState where push is off, and InvalidInput for an unknown push service or keys that are none."""
    _require(services, Channel.PUSH)
    push = services.channels.push
    if push is None or not push.takes(body.endpoint):
        raise InvalidInput.at("endpoint", "unknown_push_service")
    check_push_keys(body.keys.p256dh, body.keys.auth)


def _require(services: ApiServices, channel: Channel) -> None:
    if channel not in services.channels.on:
        raise WrongState({"status": "channel_off", "wanted": "channel_on"})
