"""Channels, addresses, and short links."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Self

from pydantic import ConfigDict, Field, StringConstraints

from api.http.fields import Input, Output, Phone, RecordRead, examples
from db.messages.channels import AddressRow
from domain.messages.kinds import Channel

_ID = "019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58"
_ADDRESS = {
    "id": _ID,
    "channel": "sms",
    "address": "+819012345678",
    "proven_at": "2026-11-21T01:30:00Z",
    "created_at": "2026-11-21T01:29:00Z",
}

Secret = StringConstraints(min_length=1, max_length=2000)


class AddressRead(RecordRead):
    """One address of a login."""

    model_config = ConfigDict(json_schema_extra=examples(_ADDRESS))

    channel: Channel = Field(description="`sms`, `line` or `push`.")
    address: str | None = Field(description="The number (E.164); null for LINE and for browsers.")
    proven_at: datetime | None = Field(description="When it was proven, RFC 3339; null: its code is still to be typed.")

    @classmethod
    def of(cls, row: AddressRow) -> Self:
        """A stored one. What opens a browser or a person on LINE is not shown."""
        shown = row.address if row.channel == Channel.SMS else None
        return cls(
            id=row.id,
            channel=Channel(row.channel),
            address=shown,
            proven_at=row.proven_at,
            created_at=row.created_at,
        )


class ChannelStateRead(Output):
    """Whether this platform sends through a channel."""

    channel: Channel = Field(description="The channel.")
    on: bool = Field(description="False: the operators have set no keys for it, and nothing is sent through it.")


class ChannelsRead(Output):
    """The channels, and where the caller can be reached."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "channels": [{"channel": "email", "on": True}, {"channel": "sms", "on": True}],
                "addresses": [_ADDRESS],
                "push_public_key": None,
                "line_login_channel_id": None,
                "line_nonce": None,
            }
        )
    )

    channels: list[ChannelStateRead] = Field(description="Every channel in the platform's order.")
    addresses: list[AddressRead] = Field(description="The caller's, oldest first.")
    push_public_key: str | None = Field(description="`applicationServerKey` for browsers; null where push is off.")
    line_login_channel_id: str | None = Field(description="`client_id` for LINE Login; null where LINE is off.")
    line_nonce: str | None = Field(description="`nonce` for LINE Login, for an hour; null where LINE is off.")

    @classmethod
    def of(
        cls, on: Iterable[Channel], rows: Iterable[AddressRow], push_key: str | None, line: tuple[str, str] | None
    ) -> Self:
        """What is on, and what is stored. ``line``: LINE Login's channel and the nonce."""
        known = set(on)
        return cls(
            channels=[ChannelStateRead(channel=one, on=one in known or one is Channel.IN_APP) for one in Channel],
            addresses=[AddressRead.of(row) for row in rows],
            push_public_key=push_key,
            line_login_channel_id=line[0] if line else None,
            line_nonce=line[1] if line else None,
        )


class NumberCreate(Input):
    """A mobile number that gets a code by SMS."""

    model_config = ConfigDict(json_schema_extra=examples({"number": "090-1234-5678"}))

    number: Phone = Field(description="A mobile number in Japan.")


class NumberVerifyCommand(Input):
    """The code of the SMS."""

    model_config = ConfigDict(json_schema_extra=examples({"code": "123456"}))

    code: Annotated[str, StringConstraints(strip_whitespace=True, max_length=6, pattern=r"^[0-9]{6}$")] = Field(
        description="Six digits."
    )


class LineLinkCommand(Input):
    """What LINE Login has answered."""

    model_config = ConfigDict(
        json_schema_extra=examples({"id_token": "eyJhbGciOiJIUzI1NiJ9.e30.sig", "nonce": "k1.AA"})
    )

    id_token: Annotated[str, Secret] = Field(description="The id token of LINE Login, asked for with the nonce.")
    nonce: Annotated[str, Secret] = Field(description="`line_nonce` of the channels.")


class PushKeysWrite(Input):
    """Keys of a browser, base64url."""

    p256dh: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(description="Public key (P-256).")
    auth: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(description="Shared secret.")


class SubscriptionCreate(Input):
    """A browser's push subscription, as `PushSubscription.toJSON()` gives it."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "endpoint": "https://fcm.googleapis.com/fcm/send/abc",
                "keys": {
                    "p256dh": "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM",
                    "auth": "tBHItJI5svbpez7KI4CCXg",
                },
            }
        )
    )

    endpoint: Annotated[str, StringConstraints(min_length=10, max_length=1000)] = Field(
        description="Address of a known push service."
    )
    keys: PushKeysWrite = Field(description="The browser's keys.")


class UnreadRead(Output):
    """How many messages the caller has not read."""

    model_config = ConfigDict(json_schema_extra=examples({"unread": 3}))

    unread: int = Field(description="How many; 100 stands for 100 and more.")


class ShortLinkRead(Output):
    """What a short address of a message opens."""

    model_config = ConfigDict(json_schema_extra=examples({"url": "https://omotenashi.example/bookings/k1.AAAA"}))

    url: str = Field(description="The page, with its signed link.")


class ReceivedRead(Output):
    """``known``: how many of our objects the events were about."""

    model_config = ConfigDict(json_schema_extra=examples({"known": 1}))

    known: int = Field(description="How many of our messages or addresses the events were about.")
