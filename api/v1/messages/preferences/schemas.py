"""Preferences and consents."""

from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticKnownError

from api.http.fields import Input, Output, RecordRead, examples
from db.messages.preferences import ConsentRow
from domain.messages.consent import ConsentPurpose, ConsentSource
from domain.messages.kinds import AccountEmailKind, Channel, NoticeKind
from domain.messages.preferences import OPTIONAL, SWITCHED, Choice, is_enabled, optional_kinds, positions

_ID = "019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58"
_CHOICE = {"kind": "booking_reminder", "channel": "email", "enabled": False, "position": None}
_CONSENT = {"purpose": "offers", "granted": True}
_WORDS = "Hair Salon Hana may send me offers and invitations (advertising) by e-mail"


_KINDS: Mapping[str, NoticeKind | AccountEmailKind] = {one.value: one for one in (*NoticeKind, *AccountEmailKind)}


def _kind(value: object) -> NoticeKind | AccountEmailKind:
    found = _KINDS.get(value) if isinstance(value, str) else None
    if found is None:
        raise PydanticKnownError("enum", {"expected": "a kind of message"})
    return found


#: One type to the validator, because an error names the alternative of a union as if it were a field.
Kind = Annotated[
    NoticeKind | AccountEmailKind,
    PlainValidator(_kind),
    WithJsonSchema({"type": "string", "enum": list(_KINDS)}),
]


class PreferenceWrite(Input):
    """Whether messages of one kind come through one channel."""

    kind: Kind = Field(description="What the message is about.")
    channel: Channel = Field(description="How it comes.")
    enabled: bool = Field(description="Whether it comes.")
    position: Annotated[int, Field(ge=1, le=4)] | None = Field(
        default=None,
        description="Place of the channel in the order of this kind, from 1; null changes nothing. Messages go through "
        "the first channel at which you can be reached, and through the next one where that fails.",
    )

    def choice(self, business_id: UUID | None) -> Choice:
        """As the domain has it."""
        return Choice(self.kind, self.channel, self.enabled, business_id, self.position)


class PreferencesUpdate(Input):
    """The choices to change; the others stay."""

    model_config = ConfigDict(json_schema_extra=examples({"choices": [_CHOICE]}))

    choices: Annotated[list[PreferenceWrite], Field(max_length=50)] = Field(
        description="Kinds and channels. Only what can be switched off is taken, and the order of what can be ordered.",
    )


class LoginPreferencesUpdate(PreferencesUpdate):
    """The choices of a login, and the zone of its quiet hours."""

    model_config = ConfigDict(json_schema_extra=examples({"choices": [_CHOICE], "time_zone": "Asia/Tokyo"}))

    time_zone: Annotated[str, Field(max_length=64)] | None = Field(
        default=None,
        description="Zone of the quiet hours (tz database); null: that of each business. Without it nothing changes.",
    )


class ConsentWrite(Input):
    """An answer to one question."""

    purpose: ConsentPurpose = Field(description="What is asked: `offers` is advertising by e-mail.")
    granted: bool = Field(description="The answer.")


class RecipientPreferencesUpdate(PreferencesUpdate):
    """The choices and answers to change; the others stay."""

    model_config = ConfigDict(json_schema_extra=examples({"choices": [_CHOICE], "consents": [_CONSENT]}))

    consents: Annotated[list[ConsentWrite], Field(max_length=10)] = Field(
        default_factory=list, description="Answers about advertising."
    )


class PreferenceRead(Output):
    """Whether messages of one kind come through one channel."""

    kind: NoticeKind | AccountEmailKind = Field(description="What the message is about.")
    channel: Channel = Field(description="How it comes.")
    enabled: bool = Field(description="Whether it comes.")
    position: int | None = Field(description="Place of the channel in the order; null: the platform's.")
    business_id: UUID | None = Field(
        description="The business that this is about (UUID); null: all that have no choice of their own."
    )


class PreferencesRead(Output):
    """What can be switched off, and whether it is. All other kinds of messages are always sent."""

    model_config = ConfigDict(
        json_schema_extra=examples({"choices": [{**_CHOICE, "business_id": None}], "time_zone": None})
    )

    choices: list[PreferenceRead] = Field(description="Kinds and channels.")
    time_zone: str | None = Field(description="Zone of the quiet hours; null: that of each business.")

    @classmethod
    def of(cls, stored: Iterable[Choice], on: Collection[Channel], time_zone: str | None) -> Self:
        """What counts everywhere for the channels that are ``on``, then the other stored choices."""
        choices = list(stored)
        everywhere = [kind for audience in ("customer", "business") for kind in optional_kinds(audience)]
        return cls(
            choices=[
                *_read(everywhere, choices, None, on),
                *(
                    PreferenceRead(
                        kind=one.kind,
                        channel=one.channel,
                        enabled=one.enabled,
                        position=one.position,
                        business_id=one.business_id,
                    )
                    for one in choices
                    if one.business_id is not None or one.kind not in OPTIONAL
                ),
            ],
            time_zone=time_zone,
        )


class ConsentStateRead(Output):
    """One question and the last answer."""

    purpose: ConsentPurpose = Field(description="What is asked.")
    granted: bool = Field(description="The last answer; false where there is none.")
    wording: str = Field(description="The question in the caller's language. It is stored with the answer.")


class RecipientPreferencesRead(Output):
    """What the recipient of a message can choose for this business."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "business_id": _ID,
                "business_name": "Hair Salon Hana",
                "choices": [{**_CHOICE, "business_id": _ID}],
                "consents": [{**_CONSENT, "wording": _WORDS}],
            }
        )
    )

    business_id: UUID = Field(description="Id of the business (UUID).")
    business_name: str = Field(description="Its name in the caller's language.")
    choices: list[PreferenceRead] = Field(description="Kinds that can be switched off, by channel.")
    consents: list[ConsentStateRead] = Field(description="Questions about advertising; none for those who work there.")


class ConsentCreate(Input):
    """What a customer has said to somebody who works there."""

    model_config = ConfigDict(json_schema_extra=examples({"customer_id": _ID, **_CONSENT, "language": "ja"}))

    customer_id: UUID = Field(description="Id of the customer (UUID).")
    purpose: ConsentPurpose = Field(description="What was asked.")
    granted: bool = Field(description="The answer.")
    language: Literal["ja", "en"] = Field(description="In which language it was asked.")


class ConsentRead(RecordRead):
    """One answer and its proof."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "id": _ID,
                **_CONSENT,
                "source": "link",
                "language": "en",
                "wording": _WORDS,
                "notification_id": _ID,
                "actor_id": None,
                "created_at": "2026-11-21T01:30:00Z",
            }
        )
    )

    purpose: ConsentPurpose = Field(description="What was asked.")
    granted: bool = Field(description="The answer.")
    source: ConsentSource = Field(
        description="How it came: with the `link` of a message, by `one_click` of a mail program, or to `staff`."
    )
    language: str = Field(description="In which language it was asked.")
    wording: str = Field(description="The question as it was shown.")
    notification_id: UUID | None = Field(description="The message whose link was used (UUID); null for none.")
    actor_id: UUID | None = Field(description="Login of the person who wrote it down (UUID); null for none.")

    @classmethod
    def of(cls, row: ConsentRow) -> Self:
        """A stored answer."""
        return cls(
            id=row.id,
            purpose=ConsentPurpose(row.purpose),
            granted=row.granted,
            source=ConsentSource(row.source),
            language=row.language,
            wording=row.wording,
            notification_id=row.notice_id,
            actor_id=row.actor_id,
            created_at=row.created_at,
        )


def choices_for(
    audience: str, stored: Iterable[Choice], business_id: UUID, on: Collection[Channel]
) -> list[PreferenceRead]:
    """What recipients of this side can switch off at one business, for the channels that are ``on``."""
    return _read(optional_kinds(audience), list(stored), business_id, on)


def _read(
    kinds: Iterable[NoticeKind], choices: list[Choice], business_id: UUID | None, on: Collection[Channel]
) -> list[PreferenceRead]:
    return [
        PreferenceRead(
            kind=kind,
            channel=channel,
            enabled=is_enabled(kind, channel, choices, business_id),
            position=positions(kind, choices, business_id).get(channel),
            business_id=business_id,
        )
        for kind in kinds
        for channel in SWITCHED
        if channel in on
    ]
