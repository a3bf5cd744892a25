"""Field types shared by schemas: texts, bilingual texts, money, e-mail. They check all input."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, NamedTuple, Self
from urllib.parse import urlsplit
from uuid import UUID

import phonenumbers
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError

from api.http.request_info import request_info
from domain.errors import CurrencyMismatch
from domain.identity.names import contains_link, holds_web_address, is_number, looks_empty
from domain.money import SUPPORTED, Money


def _clean(text: str) -> str:
    """No control characters except line feed and tab: Postgres cannot store NUL, and the others are invisible."""
    if any(unicodedata.category(character) == "Cc" and character not in "\n\t" for character in text):
        raise PydanticCustomError("control_characters", "no control characters")
    return text


def _one_line(text: str) -> str:
    if "\n" in text or "\t" in text:
        raise PydanticCustomError("one_line", "one line")
    return _clean(text)


#: One line, trimmed, not empty.
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_one_line)]
#: Several lines, trimmed, not empty.
Prose = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=5000), AfterValidator(_clean)]
#: Several lines of at most 1,000 characters; an empty text removes what is stored. It is one type and no union, because
#: an error names the alternative of a union as if it were a field.
ErasableNote = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000), AfterValidator(_clean)]


def _person_name(text: str) -> str:
    if looks_empty(text):
        raise PydanticCustomError("invisible", "at least one visible character")
    if contains_link(text):
        raise PydanticCustomError("link", "no web address")
    if is_number(text):
        raise PydanticCustomError("number_for_a_name", "a name, not a number")
    return text


#: A part of a person's name: one line with a letter and no web address, because messages contain names.
PersonName = Annotated[Line, AfterValidator(_person_name)]


def _name(text: str) -> str:
    if looks_empty(text):
        raise PydanticCustomError("invisible", "at least one visible character")
    if holds_web_address(text):
        raise PydanticCustomError("link", "no web address")
    return text


#: The name of a business, a service or a thing: like a person's, but a dot may be part of it.
Name = Annotated[Line, AfterValidator(_name)]


def _without_links(text: str) -> str:
    if holds_web_address(text):
        raise PydanticCustomError("link", "no web address")
    return text


#: Several lines of at most 2,000 characters without a web address, for texts that go out in messages.
MessageProse = Annotated[Prose, StringConstraints(max_length=2000), AfterValidator(_without_links)]

_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)


def _email(text: str) -> str:
    if not _EMAIL.fullmatch(text) or ".." in text:
        raise PydanticCustomError("email", "an e-mail address")
    return text


Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=254),
    AfterValidator(_email),
    Field(json_schema_extra={"format": "email"}),
]


class PhoneNumber(NamedTuple):
    """A phone number as typed, and in the international form (E.164)."""

    as_typed: str
    e164: str


def _phone(value: object) -> PhoneNumber:
    """The one check of phone numbers. A number without a country code is read as a number in Japan.

    ``phonenumbers`` folds full-width digits and takes every hyphen, bracket and blank between them, the Japanese ``ー``
    included. ``is_valid_number`` asks for the length and the prefix of a numbering plan, so ``00000`` is refused.
    """
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > _PHONE_LENGTH:
        raise PydanticCustomError("phone", "a phone number")
    _one_line(text)
    try:
        number = phonenumbers.parse(text, "JP")
    except phonenumbers.NumberParseException as error:
        raise PydanticCustomError("phone", "a phone number") from error
    if not phonenumbers.is_valid_number(number):
        raise PydanticCustomError("phone", "a phone number")
    return PhoneNumber(text, phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


_PHONE_LENGTH = 40
#: The one type of phone numbers in requests.
Phone = Annotated[
    PhoneNumber,
    PlainValidator(_phone),
    WithJsonSchema(
        {
            "type": "string",
            "format": "phone",
            "minLength": 1,
            "maxLength": _PHONE_LENGTH,
            "description": "A valid number. Without a country code it is a number in Japan.",
        }
    ),
]


def _website(text: str) -> str:
    """With a host that contains a dot, without a login, and with a valid port."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise PydanticCustomError("website", "an address of the web") from error
    named = "." in host.strip(".") and not host.startswith(".")
    if parts.scheme not in {"http", "https"} or not named or parts.username is not None or re.search(r"\s", text):
        raise PydanticCustomError("website", "an address of the web")
    return text


#: An address of the web, ``http`` or ``https``.
Website = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=300),
    AfterValidator(_clean),
    AfterValidator(_website),
    Field(json_schema_extra={"format": "uri"}),
]


#: Kinds of values that JSON has of its own: a text or a boolean is no number, and a number no boolean.
_JSON_KINDS = frozenset(("int", "float", "bool"))


def _strict(schema: Any) -> Any:
    """A core schema of Pydantic whose numbers and booleans are taken as JSON writes them: not ``true`` for 1, nor
    ``"5"`` for 5."""
    if isinstance(schema, list | tuple):
        return type(schema)(_strict(inner) for inner in schema)
    if not isinstance(schema, dict):
        return schema
    made = {name: inner if name in {"metadata", "serialization"} else _strict(inner) for name, inner in schema.items()}
    return {**made, "strict": True} if made.get("type") in _JSON_KINDS else made


class Input(BaseModel):
    """What comes in: unknown fields are refused, so that a typo is not a silent no, and so are values of another JSON
    type."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        strict: CoreSchema = _strict(handler(source))
        return strict


class Changes(Input):
    """Fields to change: a field that is not sent stays as it is. Only the ``erasable`` ones may be null."""

    erasable: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="after")
    def _nothing_erased(self) -> Self:
        for name in self.model_fields_set - self.erasable:
            if getattr(self, name) is None:
                raise PydanticCustomError("not_null", "{field} cannot be null", {"field": name})
        return self


class Output(BaseModel):
    """An answer. No field has a default, so none can be forgotten. Its validator is built when the OpenAPI document is
    asked for: endpoints write answers without it."""

    model_config = ConfigDict(frozen=True, defer_build=True)


class BilingualWrite(Input):
    """A text in Japanese, English, or both."""

    ja: Line | None = Field(default=None, description="Text in Japanese.")
    en: Line | None = Field(default=None, description="Text in English.")

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.ja is None and self.en is None:
            raise PydanticCustomError("ja_or_en", "a text in Japanese or English")
        return self

    def stored(self) -> dict[str, str]:
        """In the form of the database."""
        return {key: value for key, value in (("ja", self.ja), ("en", self.en)) if value is not None}


class BilingualNameWrite(BilingualWrite):
    """A name in Japanese, English, or both, without a web address, because messages contain names."""

    ja: Name | None = Field(default=None, description="Name in Japanese.")
    en: Name | None = Field(default=None, description="Name in English.")


class BilingualProseWrite(BilingualWrite):
    """A longer text in Japanese, English, or both."""

    ja: Prose | None = Field(default=None, description="Text in Japanese.")
    en: Prose | None = Field(default=None, description="Text in English.")


class BilingualRead(Output):
    """``text`` is in the caller's language, or in the other one if that is missing."""

    ja: str | None = Field(description="Text in Japanese; null for none.")
    en: str | None = Field(description="Text in English; null for none.")
    text: str = Field(description="The text in the caller's language, or in the other one.")

    @classmethod
    def of(cls, stored: Mapping[str, str]) -> Self:
        """A stored text."""
        return cls(ja=stored.get("ja"), en=stored.get("en"), text=resolved(stored))


def resolved(stored: Mapping[str, str]) -> str:
    """The text in the caller's language, or in the other one."""
    language = request_info().language.value
    return stored.get(language) or next(iter(stored.values()), "")


class MoneyWrite(Input):
    """Whole minor units (yen; cents), not negative, in a supported currency."""

    amount: int = Field(ge=0, le=10**12, description="Whole minor units: yen for JPY, cents for USD.")
    currency: str = Field(pattern=r"^[A-Z]{3}$", max_length=3, description="ISO 4217 code, such as `JPY`.")

    @model_validator(mode="after")
    def _supported(self) -> Self:
        if self.currency not in SUPPORTED:
            raise CurrencyMismatch({"field": "currency", "got": self.currency})
        return self

    def money(self) -> Money:
        """As a domain value."""
        return Money(self.amount, self.currency)


class MoneyRead(Output):
    """Whole minor units of ``currency``."""

    amount: int = Field(description="Whole minor units: yen for JPY, cents for USD.")
    currency: str = Field(description="ISO 4217 code, such as `JPY`.")


class RecordRead(Output):
    """A row of the platform: its id, and when it was created."""

    id: UUID = Field(description="Id (UUID version 7).")
    created_at: datetime = Field(description="When it was created, RFC 3339.")


class ChangedRecordRead(RecordRead):
    """A row that can change, with the time of its last change."""

    updated_at: datetime = Field(description="When it was last changed, RFC 3339.")


class DeletedRead(Output):
    """What was deleted."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"id": "019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58"}]})

    id: UUID = Field(description="Id (UUID version 7).")


def examples(*shown: Mapping[str, Any]) -> dict[str, Any]:
    """``json_schema_extra`` with examples."""
    return {"examples": [dict(example) for example in shown]}
