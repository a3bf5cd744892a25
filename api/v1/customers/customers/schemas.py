"""Schemas of the records of customers."""

from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from api.http.fields import (
    ChangedRecordRead,
    Changes,
    Email,
    Input,
    Line,
    MoneyRead,
    Output,
    PersonName,
    Phone,
    examples,
)
from api.http.times import Birthday
from db.customers.customers import CustomerRow
from db.customers.history import HistoryRow
from domain.customers.profile import MAX_PREFERENCES, MAX_TAG_LENGTH, MAX_TAGS, normal_tags, read_kana
from domain.errors import InvalidInput

_ID = "019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58"
_WRITTEN = {
    "family_name": "山田",
    "given_name": "花子",
    "family_name_kana": "ヤマダ",
    "given_name_kana": "ハナコ",
    "phone": "090-1234-5678",
    "email": "hanako@example.jp",
    "birthday": "1985-04-29",
    "language": "ja",
    "tags": ["VIP"],
    "preferences": {"飲み物": "ほうじ茶"},
}


def _kana(text: str) -> str:
    kana = read_kana(text)
    if kana is None:
        raise PydanticCustomError("kana", "hiragana or katakana")
    return kana


#: Part of a name in hiragana or katakana of any width; stored as full-width katakana.
Kana = Annotated[PersonName, AfterValidator(_kana)]
Tag = Annotated[Line, StringConstraints(max_length=MAX_TAG_LENGTH)]
Tags = Annotated[list[Tag], Field(max_length=MAX_TAGS)]
Preferences = Annotated[
    dict[Annotated[Line, StringConstraints(max_length=40)], Line], Field(max_length=MAX_PREFERENCES)
]
LanguageName = Literal["ja", "en"]


class CustomerCreate(Input):
    """A new record, made by those who work at the business. It is linked to no login."""

    model_config = ConfigDict(json_schema_extra=examples({"business_id": _ID, **_WRITTEN}))

    business_id: UUID = Field(description="Id of the business (UUID).")
    family_name: PersonName = Field(description="Family name.")
    given_name: PersonName | None = Field(default=None, description="Given name.")
    family_name_kana: Kana | None = Field(default=None, description="Family name in kana.")
    given_name_kana: Kana | None = Field(default=None, description="Given name in kana.")
    phone: Phone | None = Field(default=None, description="Phone number. Without a country code: in Japan.")
    email: Email | None = Field(default=None, description="E-mail address.")
    birthday: Birthday | None = Field(default=None, description="Date of birth.")
    language: LanguageName = Field(default="ja", description="Language of messages: `ja` or `en`.")
    tags: Tags = Field(default=[], description="Tags that the business sorts its customers by.")
    preferences: Preferences = Field(default={}, description="Short texts by name, such as a favourite drink.")

    def columns(self, now: datetime) -> dict[str, Any]:
        """The columns of the record. Raises InvalidInput for a birthday that is ahead."""
        return _columns({name: getattr(self, name) for name in type(self).model_fields if name != "business_id"}, now)


class CustomerUpdate(Changes):
    """The fields to change. Tags and preferences are replaced as a whole. Bookings keep the contact that was given for
    them."""

    model_config = ConfigDict(json_schema_extra=examples({"phone": "080-1234-5678", "tags": ["VIP", "紹介"]}))
    erasable: ClassVar[frozenset[str]] = frozenset(
        {"given_name", "family_name_kana", "given_name_kana", "phone", "email", "birthday"}
    )

    family_name: PersonName | None = Field(default=None, description="Family name.")
    given_name: PersonName | None = Field(default=None, description="Given name; null removes it.")
    family_name_kana: Kana | None = Field(default=None, description="Family name in kana; null removes it.")
    given_name_kana: Kana | None = Field(default=None, description="Given name in kana; null removes it.")
    phone: Phone | None = Field(default=None, description="Phone number; null removes it.")
    email: Email | None = Field(default=None, description="E-mail address; null removes it.")
    birthday: Birthday | None = Field(default=None, description="Date of birth; null removes it.")
    language: LanguageName | None = Field(default=None, description="Language of messages: `ja` or `en`.")
    tags: Tags | None = Field(default=None, description="All tags of the customer.")
    preferences: Preferences | None = Field(default=None, description="All preferences of the customer, by name.")

    def columns(self, now: datetime) -> dict[str, Any]:
        """The columns that change. Raises InvalidInput for a birthday that is ahead."""
        return _columns({name: getattr(self, name) for name in self.model_fields_set}, now)


def _columns(values: dict[str, Any], now: datetime) -> dict[str, Any]:
    if values.get("birthday") and values["birthday"] > now.date():
        raise InvalidInput.at("birthday", "past")
    if "given_name" in values:
        values["given_name"] = values["given_name"] or ""
    if values.get("phone"):
        values["phone"] = values["phone"].e164
    if "tags" in values:
        values["tags"] = normal_tags(values["tags"])
    return values


class CustomerRead(ChangedRecordRead):
    """A record of a customer."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                **_WRITTEN,
                "id": "019a0c5e-ac32-7f60-9e33-205d9c704fb2",
                "business_id": _ID,
                "phone": "+819012345678",
                "visits": 12,
                "no_shows": 0,
                "spent": [{"amount": 79200, "currency": "JPY"}],
                "has_login": False,
                "created_at": "2026-11-21T01:30:00Z",
                "updated_at": "2026-11-21T01:30:00Z",
            }
        )
    )

    business_id: UUID = Field(description="Id of the business (UUID).")
    family_name: str = Field(description="Family name.")
    given_name: str = Field(description="Given name; empty for none.")
    family_name_kana: str | None = Field(description="Family name in full-width katakana; null for none.")
    given_name_kana: str | None = Field(description="Given name in full-width katakana; null for none.")
    phone: str | None = Field(description="Phone number in the international form (E.164); null for none.")
    email: str | None = Field(description="E-mail address; null for none.")
    birthday: date | None = Field(description="Date of birth; null for none.")
    language: str = Field(description="Language of messages: `ja` or `en`.")
    tags: list[str] = Field(description="Tags that the business sorts its customers by.")
    preferences: dict[str, str] = Field(description="Short texts by name, such as a favourite drink.")
    visits: int = Field(description="Completed visits.")
    no_shows: int = Field(description="Bookings that nobody came to.")
    spent: list[MoneyRead] = Field(description="Agreed prices of the completed visits, a sum for each currency.")
    has_login: bool = Field(description="Whether a login is linked to the record, by a proven address.")

    @classmethod
    def of(cls, row: CustomerRow) -> Self:
        """A stored record."""
        values = {name: getattr(row, name) for name in cls.model_fields if name not in {"has_login", "spent"}}
        spent = [MoneyRead(amount=amount, currency=currency) for currency, amount in sorted(row.spent.items())]
        return cls(**values, spent=spent, has_login=row.user_id is not None)


class CustomerEventRead(Output):
    """One thing that happened with a customer."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "kind": "booking",
                "id": _ID,
                "at": "2026-11-24T01:00:00Z",
                "status": "completed",
                "amount": {"amount": 6600, "currency": "JPY"},
                "label": "K7M2XQ4R",
            }
        )
    )

    kind: str = Field(description="What it is: `booking`, `payment`, `venue_payment`, `note` or `review`.")
    id: UUID = Field(description="Id of the booking, payment, note or review (UUID).")
    at: datetime = Field(description="Start of a booking, else when it was made, RFC 3339.")
    status: str | None = Field(
        description="Status of a booking, payment or review, kind of an entry at the venue; null for a note."
    )
    amount: MoneyRead | None = Field(description="Price of a booking, amount of a payment; null for a note.")
    label: str = Field(
        description="Code of a booking, provider or method of a payment, kind of a note, stars of a review."
    )

    @classmethod
    def of(cls, row: HistoryRow) -> Self:
        """A stored entry."""
        has_amount = row.amount is not None and row.currency is not None
        amount = MoneyRead.model_validate({"amount": row.amount, "currency": row.currency}) if has_amount else None
        return cls(kind=row.kind, id=row.id, at=row.at, status=row.status, amount=amount, label=row.label)
