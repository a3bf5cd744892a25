"""Hands one written message to the provider of its channel."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from activities.templates.short_text import ShortMessage
from db.engine.session import Database, Scope
from db.messages.channels import AddressRow
from domain.messages.channels import QUOTA_PERIOD
from domain.messages.kinds import Channel
from domain.platform.rate_limits import Window
from providers.channels import Channels
from providers.email.interface import Email
from providers.errors import OutcomeUnknown, ProviderError, ProviderRefused, ProviderUnavailable
from providers.line.interface import LineMessage
from providers.push.interface import ENDED, PushMessage, Subscription
from providers.sms.interface import SentSms, Sms, SmsProvider
from runtime.settings import Settings

#: Of short addresses: 62 signs, ten of them are 59 bits.
_SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CODE_LENGTH = 10
#: The namespace of LINE's retry keys: the same message has the same key for ever.
_RETRY_KEYS = UUID("6f3c2f5e-0d0b-4b9c-9b7a-2f6f3a1c5d11")


@dataclass(frozen=True, slots=True)
class ChannelRules:
    """What one message costs in millionths of a yen (an SMS by segment), and how many one business may cause in 30
    days. A channel without an entry costs nothing, or has no limit."""

    prices: Mapping[Channel, int]
    quotas: Mapping[Channel, int]

    @classmethod
    def of(cls, settings: Settings) -> "ChannelRules":
        """As the settings say."""
        return cls(
            {
                Channel.EMAIL: settings.email_price_micros,
                Channel.SMS: settings.sms_price_micros,
                Channel.LINE: settings.line_price_micros,
            },
            {Channel.SMS: settings.sms_per_business, Channel.LINE: settings.line_per_business},
        )

    def window(self, channel: Channel, business_id: UUID | None) -> Window | None:
        """What counts the messages of a business through a channel; None where nothing does."""
        if business_id is None or channel not in self.quotas:
            return None
        return Window(f"channel:{channel.value}:{business_id}", self.quotas[channel], QUOTA_PERIOD)


#: Nothing costs anything, and nothing is limited.
FREE = ChannelRules({}, {})


@dataclass(frozen=True, slots=True)
class Written:
    """A message that is ready: an e-mail, or a short form with the recipient's ``addresses`` in its channel.
    ``unsure_since``: when the first earlier call began that may have sent it."""

    channel: Channel
    message: Email | ShortMessage
    addresses: Sequence[AddressRow] = ()
    unsure_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider's id of the message, and what it cost in millionths of a yen."""

    message_id: str
    cost_micros: int


def new_link_code() -> str:
    """The end of a short address: nobody guesses it."""
    return "".join(secrets.choice(_SIGNS) for _ in range(_CODE_LENGTH))


class ChannelSender:
    """One method for every channel; raises ``providers.errors``."""

    def __init__(self, database: Database, channels: Channels, rules: ChannelRules) -> None:
        self._database = database
        self._channels = channels
        self._rules = rules

    @property
    def on(self) -> frozenset[Channel]:
        """The channels that are switched on."""
        return self._channels.on

    async def send(self, written: Written) -> Accepted:
        """Send it. A channel that was switched off, or an address that was removed since the message was written, is
        ProviderRefused, so that the message goes on to its next channel."""
        price = self._rules.prices.get(written.channel, 0)
        if isinstance(written.message, Email):
            return Accepted(await self._channels.email.send(written.message), price)
        if not written.addresses:
            raise ProviderRefused("no_address")
        match written.channel:
            case Channel.SMS:
                return await self._sms(written, written.message, price)
            case Channel.LINE:
                return Accepted(await self._line(written, written.message), price)
            case _:
                return Accepted(await self._push(written, written.message), price)

    async def _sms(self, written: Written, message: ShortMessage, price: int) -> Accepted:
        """Twilio has no idempotency keys. Where an earlier call may have sent the message, its list is asked first."""
        if self._channels.sms is None:
            raise ProviderRefused("channel_off")
        sms = Sms(written.addresses[0].address, message.sms, message.notice_id)
        since = written.unsure_since
        sent = None if since is None else await _asked(self._channels.sms, sms, since)
        sent = sent or await self._channels.sms.send(sms)
        return Accepted(sent.id, price * sent.segments)

    async def _line(self, written: Written, message: ShortMessage) -> str:
        if self._channels.line is None:
            raise ProviderRefused("channel_off")
        text = "\n".join((message.title, *message.lines))
        key = str(uuid5(_RETRY_KEYS, message.notice_id))
        return await self._channels.line.send(LineMessage(written.addresses[0].address, text, message.button, key))

    async def _push(self, written: Written, message: ShortMessage) -> str:
        """To every browser of the login; one that takes it is enough. Subscriptions that have ended are deleted."""
        push = self._channels.push
        if push is None:
            raise ProviderRefused("channel_off")
        text = PushMessage(
            message.title,
            "\n".join(message.lines),
            message.button[1],
            message.notice_id,
            message.language,
            message.seconds,
        )
        accepted: str | None = None
        failed: ProviderError | None = None
        for row in written.addresses:
            keys = row.keys or {}
            try:
                accepted = await push.send(Subscription(row.address, keys["p256dh"], keys["auth"]), text)
            except ProviderError as error:
                if error.reason == ENDED:
                    await self._forget(row.id)
                elif not isinstance(failed, OutcomeUnknown):
                    failed = error
        if accepted is None:
            raise failed or ProviderRefused(ENDED)
        return accepted

    async def _forget(self, address_id: UUID) -> None:
        async with self._database.unit_of_work(Scope.platform()) as work:
            await work.messages.channels.forget(address_id)


async def _asked(provider: SmsProvider, sms: Sms, since: datetime) -> SentSms | None:
    """Whether the provider has the message already. Without an answer nothing is sent: it would be paid for twice."""
    try:
        return await provider.find(sms, since)
    except (OutcomeUnknown, ProviderRefused) as error:
        raise ProviderUnavailable(f"not_found_out_{error.reason}") from None
