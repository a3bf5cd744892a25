"""Schemas of campaigns. Automations use the texts and the results."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from api.http.fields import ChangedRecordRead, Changes, Input, Line, MessageProse, Name, Output, examples
from api.http.times import Moment
from db.marketing.campaigns import Audience, CampaignRow, SampledCustomer
from db.marketing.results import ResultRow
from domain.customers.profile import MAX_TAG_LENGTH, MAX_TAGS, normal_tags
from domain.marketing.campaigns import COUNT_DAYS, CampaignStatus, HeldBecause
from domain.marketing.segments import Segment, check_segment
from domain.marketing.texts import check_texts
from domain.messages.texts import OwnText

_ID = "019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58"
_TEXT = {
    "ja": {
        "subject": "{{ business }}より夏のお知らせ",
        "body": "{{ customer }}様\n\n8月のヘッドスパを10%引きでご用意しました。",
    }
}
_SEGMENT = {"tags": ["VIP"], "not_visited_for_days": 60, "birthday_month": 8}

Days = Annotated[int, Field(ge=1, le=3650)]
Yen = Annotated[int, Field(ge=0, le=10**12)]


class OfferTextWrite(Input):
    """Subject and body, with the variables `{{ business }}` and `{{ customer }}`."""

    model_config = ConfigDict(json_schema_extra=examples(_TEXT["ja"]))

    subject: Name = Field(description="One line.")
    body: MessageProse = Field(description="Paragraphs, divided by empty lines. No web addresses.")

    def text(self) -> OwnText:
        """As the domain has it."""
        return OwnText(self.subject, self.body)


class OfferTextsWrite(Input):
    """A text in at least one language; customers of the other one get it as well."""

    model_config = ConfigDict(json_schema_extra=examples(_TEXT))

    ja: OfferTextWrite | None = Field(default=None, description="The Japanese text.")
    en: OfferTextWrite | None = Field(default=None, description="The English text.")

    def texts(self) -> dict[str, OwnText]:
        """By language. Raises InvalidInput for a text that cannot be sent, and without one."""
        given = {"ja": self.ja, "en": self.en}
        texts = {language: one.text() for language, one in given.items() if one is not None}
        check_texts(texts)
        return texts


class OfferTextRead(Output):
    """Subject and body."""

    subject: str = Field(description="One line.")
    body: str = Field(description="Paragraphs, divided by empty lines.")


class OfferTextsRead(Output):
    """The texts by language."""

    ja: OfferTextRead | None = Field(description="The Japanese text; null for none.")
    en: OfferTextRead | None = Field(description="The English text; null for none.")

    @classmethod
    def of(cls, texts: Mapping[str, OwnText]) -> Self:
        """Stored texts."""
        read = {one: OfferTextRead(subject=text.subject, body=text.body) for one, text in texts.items()}
        return cls(ja=read.get("ja"), en=read.get("en"))


class SegmentWrite(Input):
    """Which customers. All conditions that are given must hold; without any it is everybody who has consented."""

    model_config = ConfigDict(json_schema_extra=examples(_SEGMENT))

    tags: list[Annotated[Line, Field(max_length=MAX_TAG_LENGTH)]] = Field(
        default=[], max_length=MAX_TAGS, description="Has all of these tags."
    )
    visited_within_days: Days | None = Field(default=None, description="The last visit is at most so many days ago.")
    not_visited_for_days: Days | None = Field(default=None, description="The last visit is at least so many days ago.")
    visits_from: Annotated[int, Field(ge=0, le=100_000)] | None = Field(
        default=None, description="At least so many completed visits."
    )
    spent_from: Yen | None = Field(
        default=None, description="Spent at least this, in whole minor units of the business's currency."
    )
    spent_to: Yen | None = Field(default=None, description="Spent at most this.")
    service_ids: list[UUID] = Field(default=[], max_length=50, description="Has come for one of these services.")
    birthday_month: Annotated[int, Field(ge=1, le=12)] | None = Field(
        default=None, description="Month of the birthday, 1 to 12."
    )

    def segment(self) -> Segment:
        """As the domain has it. Raises InvalidInput for conditions that nobody can meet."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        segment = Segment(**{**values, "tags": tuple(normal_tags(self.tags)), "service_ids": tuple(self.service_ids)})
        check_segment(segment)
        return segment


class SegmentRead(Output):
    """Which customers; null and empty conditions are not asked."""

    tags: list[str] = Field(description="Has all of these tags.")
    visited_within_days: int | None = Field(description="The last visit is at most so many days ago.")
    not_visited_for_days: int | None = Field(description="The last visit is at least so many days ago.")
    visits_from: int | None = Field(description="At least so many completed visits.")
    spent_from: int | None = Field(description="Spent at least this, in whole minor units.")
    spent_to: int | None = Field(description="Spent at most this, in whole minor units.")
    service_ids: list[UUID] = Field(description="Has come for one of these services.")
    birthday_month: int | None = Field(description="Month of the birthday, 1 to 12.")

    @classmethod
    def of(cls, segment: Segment) -> Self:
        """A stored segment."""
        return cls.model_validate({name: getattr(segment, name) for name in cls.model_fields}, from_attributes=True)


class CampaignCreate(Input):
    """A draft. Nothing is sent before it is started."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {"business_id": _ID, "name": "夏のキャンペーン", "segment": _SEGMENT, "texts": _TEXT, "count_days": 14}
        )
    )

    business_id: UUID = Field(description="Id of the business (UUID).")
    name: Name = Field(description="Name for those who work at the business.")
    segment: SegmentWrite = Field(default=SegmentWrite(), description="Which customers get it.")
    texts: OfferTextsWrite = Field(description="What it says.")
    count_days: Annotated[int, Field(ge=1, le=90)] = Field(
        default=COUNT_DAYS, description="A booking within so many days after the message counts as made after it."
    )


class CampaignUpdate(Changes):
    """Fields that are left out do not change. Segment and texts are replaced as a whole."""

    model_config = ConfigDict(json_schema_extra=examples({"name": "秋のキャンペーン"}))

    name: Name | None = Field(default=None, description="Name for those who work at the business.")
    segment: SegmentWrite | None = Field(default=None, description="Which customers get it.")
    texts: OfferTextsWrite | None = Field(default=None, description="What it says.")
    count_days: Annotated[int, Field(ge=1, le=90)] | None = Field(
        default=None, description="A booking within so many days after the message counts as made after it."
    )


class CampaignStartCommand(Input):
    """When it begins."""

    model_config = ConfigDict(json_schema_extra=examples({"starts_at": "2026-12-01T10:00:00+09:00"}))

    starts_at: Moment | None = Field(default=None, description="When the first message is sent, RFC 3339; null: now.")


class CampaignTestCommand(Input):
    """The message to yourself."""

    model_config = ConfigDict(json_schema_extra=examples({"language": "ja"}))

    language: Literal["ja", "en"] = Field(default="ja", description="Language of the text.")


class CampaignTestRead(Output):
    """A test message is on its way."""

    model_config = ConfigDict(json_schema_extra=examples({"id": _ID, "language": "ja"}))

    id: UUID = Field(description="Id of the campaign (UUID).")
    language: str = Field(description="Language of the text: `ja` or `en`.")


class ResultsRead(Output):
    """What became of the messages."""

    recipients: int = Field(description="Customers who were chosen so far.")
    waiting: int = Field(description="Messages that are not sent yet.")
    sent: int = Field(description="Messages that the provider has accepted.")
    delivered: int = Field(description="Messages that have arrived.")
    bounced: int = Field(description="Messages that came back.")
    not_sent: int = Field(description="Messages that failed or were kept back, such as after a withdrawn consent.")
    opened: int | None = Field(description="Messages that were read; null where nothing reports it.")
    unsubscribed: int = Field(description="Recipients who have withdrawn their consent with the link of this message.")
    bookings: int = Field(description="Bookings that recipients made within the days that count.")

    @classmethod
    def of(cls, row: ResultRow) -> Self:
        """Counted results. E-mail programs do not report that a message was read: zero is not known."""
        values = {name: getattr(row, name) for name in cls.model_fields}
        return cls(**{**values, "opened": row.opened or None})


class CampaignRead(ChangedRecordRead):
    """A campaign."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "id": _ID,
                "business_id": _ID,
                "name": "夏のキャンペーン",
                "status": "draft",
                "held_because": None,
                "segment": {
                    **dict.fromkeys(("visited_within_days", "visits_from", "spent_from", "spent_to")),
                    "service_ids": [],
                    **_SEGMENT,
                },
                "texts": {**_TEXT, "en": None},
                "count_days": 14,
                "starts_at": None,
                "finished_at": None,
                "created_at": "2026-11-21T01:30:00Z",
                "updated_at": "2026-11-21T01:30:00Z",
            }
        )
    )

    business_id: UUID = Field(description="Id of the business (UUID).")
    name: str = Field(description="Name for those who work at the business.")
    status: CampaignStatus = Field(
        description="`draft`, `scheduled`, `running`, `paused`, `stopped` or `done` (every message is queued)."
    )
    held_because: HeldBecause | None = Field(
        description="`business_not_approved`: it is scheduled or running, and nothing is sent while the business is "
        "suspended; it goes on by itself afterwards. Null: nothing holds it."
    )
    segment: SegmentRead = Field(description="Which customers get it.")
    texts: OfferTextsRead = Field(description="What it says.")
    count_days: int = Field(description="A booking within so many days counts as made after the message.")
    starts_at: datetime | None = Field(description="When it begins, RFC 3339; null for a draft.")
    finished_at: datetime | None = Field(description="When it ended, RFC 3339; null before.")

    @classmethod
    def of(cls, row: CampaignRow) -> Self:
        """A stored campaign."""
        names = ("id", "business_id", "name", "status", "held_because", "count_days", "starts_at", "finished_at")
        values = {name: getattr(row, name) for name in (*names, "created_at", "updated_at")}
        return cls(**values, segment=SegmentRead.of(row.segment), texts=OfferTextsRead.of(row.texts))


class SampledCustomerRead(Output):
    """A customer who would get it."""

    id: UUID = Field(description="Id of the customer (UUID).")
    family_name: str = Field(description="Family name.")
    given_name: str = Field(description="Given name; empty for none.")
    language: str = Field(description="Language of messages: `ja` or `en`.")

    @classmethod
    def of(cls, one: SampledCustomer) -> Self:
        """A customer of the sample."""
        return cls(id=one.id, family_name=one.family_name, given_name=one.given_name, language=one.language)


class RenderedTextRead(Output):
    """The text as the first customer of the sample would read it."""

    language: str = Field(description="Language of the text: `ja` or `en`.")
    subject: str = Field(description="The subject.")
    paragraphs: list[str] = Field(description="The paragraphs.")


class CampaignPreviewRead(Output):
    """Who would get the campaign now, and what it says."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "matching": 120,
                "recipients": 84,
                "sample": [{"id": _ID, "family_name": "佐藤", "given_name": "愛", "language": "ja"}],
                "rendered": [
                    {"language": "ja", "subject": "ヘアサロン花より夏のお知らせ", "paragraphs": ["佐藤 愛様"]}
                ],
            }
        )
    )

    matching: int = Field(description="Customers who meet the conditions.")
    recipients: int = Field(
        description="Addresses among them whose customers have consented to advertising; each gets one message."
    )
    sample: list[SampledCustomerRead] = Field(description="Up to five of them.")
    rendered: list[RenderedTextRead] = Field(description="The texts with their values, one for each language.")

    @classmethod
    def of(cls, audience: Audience, rendered: list[RenderedTextRead]) -> Self:
        """Who, and what."""
        sample = [SampledCustomerRead.of(one) for one in audience.sample]
        return cls(matching=audience.matching, recipients=audience.recipients, sample=sample, rendered=rendered)


class CampaignResultsRead(ResultsRead):
    """What became of the messages of a campaign."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "recipients": 84,
                "waiting": 0,
                "sent": 83,
                "delivered": 81,
                "bounced": 1,
                "not_sent": 1,
                "opened": None,
                "unsubscribed": 2,
                "bookings": 9,
            }
        )
    )
