"""Texts of messages that a business writes itself."""

from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from api.http.fields import Input, MessageProse, Name, Output, examples
from db.messages.texts import TextRow
from domain.messages.kinds import NoticeKind
from domain.messages.texts import RULES, OwnText

_ID = "019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58"
_TEXT = {"subject": "【ご予約確定】{{ short }} {{ business }}", "body": "{{ standard }}\n\nお待ちしております。"}
_SUBJECT = "One line with variables such as `{{ short }}`."
_BODY = "Paragraphs with variables. `{{ standard }}` stands for the platform's own text."

TextLanguage = Literal["ja", "en"]


class MessageTextUpdate(Input):
    """A text for one kind of message. It has variables only, and no web addresses: the message has its button."""

    model_config = ConfigDict(json_schema_extra=examples(_TEXT))

    subject: Name = Field(description=_SUBJECT)
    body: MessageProse = Field(description=_BODY)

    def text(self) -> OwnText:
        """As the domain has it."""
        return OwnText(self.subject, self.body)


class MessageTextPreviewCommand(MessageTextUpdate):
    """A text to look at; nothing is stored."""

    model_config = ConfigDict(
        json_schema_extra=examples({"business_id": _ID, "kind": "booking_confirmed", "language": "ja", **_TEXT})
    )

    business_id: UUID = Field(description="Id of the business (UUID).")
    kind: NoticeKind = Field(description="What the message is about.")
    language: TextLanguage = Field(description="Language of the text.")


class MessageTextPreviewRead(Output):
    """The text with example data."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "subject": "【ご予約確定】11月21日（土）14:00 ヘアサロン花",
                "paragraphs": ["（標準の本文）", "お待ちしております。"],
                "text": "ヘアサロン花\n\n佐藤 愛 様\n\nご予約が確定いたしました。",
                "html": '<!doctype html><html lang="ja"></html>',
            }
        )
    )

    subject: str = Field(description="The subject.")
    paragraphs: list[str] = Field(description="The paragraphs; the platform's own text is marked, not repeated.")
    text: str = Field(
        description="The whole message as plain text, with the platform's own text and an example booking."
    )
    html: str = Field(description="The whole message as HTML, in the business's colour. Show it in a sandboxed frame.")


class MessageTextRead(Output):
    """The text of one kind in one language."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "kind": "booking_confirmed",
                "language": "ja",
                **_TEXT,
                "variables": ["business", "short", "standard"],
                "required_in_subject": ["short"],
                "required_in_body": ["standard"],
                "updated_at": "2026-11-21T01:30:00Z",
            }
        )
    )

    kind: NoticeKind = Field(description="What the message is about.")
    language: TextLanguage = Field(description="Language of the text.")
    subject: str | None = Field(description="The business's own subject; null: the platform's.")
    body: str | None = Field(description="The business's own text; null: the platform's.")
    variables: list[str] = Field(description="What the text may name; `standard` in the body alone.")
    required_in_subject: list[str] = Field(description="What the subject must name.")
    required_in_body: list[str] = Field(description="What the body must name.")
    updated_at: datetime | None = Field(description="When it was written, RFC 3339; null for the platform's.")

    @classmethod
    def of(cls, kind: NoticeKind, language: TextLanguage, row: TextRow | None) -> Self:
        """A stored text, or that there is none."""
        rules = RULES[kind]
        return cls(
            kind=kind,
            language=language,
            subject=row.subject if row else None,
            body=row.body if row else None,
            variables=sorted(rules.allowed),
            required_in_subject=sorted(rules.required_in_subject),
            required_in_body=sorted(rules.required_in_body),
            updated_at=row.updated_at if row else None,
        )


class MessageTextsRead(Output):
    """All texts that a business can write."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {"texts": [MessageTextRead.model_config["json_schema_extra"]["examples"][0]]}  # type: ignore[index]
        )
    )

    texts: list[MessageTextRead] = Field(description="Each kind in each language.")
