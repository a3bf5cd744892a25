"""The profile of a business."""

from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from api.http.fields import (
    BilingualNameWrite,
    BilingualProseWrite,
    BilingualRead,
    BilingualWrite,
    ChangedRecordRead,
    Changes,
    Email,
    Input,
    Line,
    Output,
    Phone,
    Website,
    examples,
    resolved,
)
from db.businesses.businesses import BusinessRow
from db.businesses.search import Found
from domain.business_status import BusinessStatus
from domain.businesses.address import Prefecture, read_postal_code, read_prefecture
from domain.businesses.invoice import read_invoice_number
from domain.businesses.profile import Vertical
from domain.businesses.slug import check_slug
from domain.errors import CurrencyMismatch, InvalidInput
from domain.money import SUPPORTED
from domain.payments.providers import ProviderName
from domain.roles import Role
from domain.scheduling.hours import check_zone

_WRITTEN = {
    "name": {"ja": "サロン花", "en": "Salon Hana"},
    "description": {"ja": "表参道の小さなヘアサロンです。", "en": "A small hair salon in Omotesando."},
    "address": {"ja": "神宮前4丁目1-2", "en": "4-1-2 Jingumae"},
    "postal_code": "150-0001",
    "prefecture": "東京都",
    "city": "渋谷区",
    "phone": "03-5550-0123",
    "email": "hello@salon-hana.example",
    "website": "https://salon-hana.example",
    "location": {"latitude": 35.6672, "longitude": 139.7076},
    "invoice_number": "T7123456789012",
    "legal_notice": {"ja": "販売業者: 株式会社花\n返金: 予約の取消規定によります。", "en": "Seller: Hana Inc."},
}
READ_EXAMPLE: dict[str, Any] = {
    **_WRITTEN,
    "id": "019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58",
    "slug": "salon-hana",
    "status": "approved",
    "vertical": "salon",
    "name": {"ja": "サロン花", "en": "Salon Hana", "text": "Salon Hana"},
    "description": {
        "ja": "表参道の小さなヘアサロンです。",
        "en": "A small hair salon in Omotesando.",
        "text": "A small hair salon in Omotesando.",
    },
    "address": {"ja": "神宮前4丁目1-2", "en": "4-1-2 Jingumae", "text": "4-1-2 Jingumae"},
    "prefecture": {"code": "13", "ja": "東京都", "en": "Tokyo", "text": "Tokyo"},
    "phone": "+81355500123",
    "phone_as_typed": "03-5550-0123",
    "legal_notice": {
        "ja": "販売業者: 株式会社花\n返金: 予約の取消規定によります。",
        "en": "Seller: Hana Inc.",
        "text": "Seller: Hana Inc.",
    },
    "time_zone": "Asia/Tokyo",
    "currency": "JPY",
    "payment_provider": "stripe",
    "created_at": "2026-11-21T01:30:00Z",
    "updated_at": "2026-11-21T01:30:00Z",
}


def _zone(name: str) -> str:
    try:
        check_zone(name)
    except InvalidInput as error:
        raise PydanticCustomError("iana_zone", "a zone of the IANA database") from error
    return name


def _currency(code: str) -> str:
    if code not in SUPPORTED:
        raise CurrencyMismatch({"field": "currency", "got": code})
    return code


Zone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_zone)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$", max_length=3), AfterValidator(_currency)]
Slug = Annotated[str, StringConstraints(max_length=100), AfterValidator(check_slug)]
Short = Annotated[Line, Field(max_length=60)]
PostalCode = Annotated[str, StringConstraints(max_length=20), AfterValidator(read_postal_code)]
#: By its Japanese or English name, or its JIS X 0401 code.
PrefectureName = Annotated[str, StringConstraints(max_length=20), AfterValidator(read_prefecture)]
InvoiceNumber = Annotated[str, StringConstraints(max_length=40), AfterValidator(read_invoice_number)]


class LocationWrite(Input):
    """Degrees, WGS 84."""

    latitude: float = Field(ge=-90, le=90, allow_inf_nan=False, description="Degrees north, WGS 84.")
    longitude: float = Field(ge=-180, le=180, allow_inf_nan=False, description="Degrees east, WGS 84.")


class BusinessCreate(Input):
    """A new business. Without ``slug`` one is made from the name."""

    model_config = ConfigDict(
        json_schema_extra=examples({**_WRITTEN, "vertical": "salon", "time_zone": "Asia/Tokyo", "currency": "JPY"})
    )

    name: BilingualNameWrite = Field(description="Name in Japanese, English or both.")
    vertical: Vertical = Field(description="Line of business.")
    slug: Slug | None = Field(
        default=None,
        description="Name in the business's own URL: small letters, digits and hyphens.",
    )
    description: BilingualProseWrite | None = Field(
        default=None,
        description="Description in Japanese, English or both.",
    )
    address: BilingualNameWrite | None = Field(default=None, description="Street address in Japanese, English or both.")
    postal_code: PostalCode | None = Field(default=None, description="Japanese postal code, seven digits.")
    prefecture: PrefectureName | None = Field(default=None, description="Prefecture.")
    city: Short | None = Field(default=None, description="City, ward or town.")
    phone: Phone | None = Field(default=None, description="Phone number in E.164, such as `+81312345678`.")
    email: Email | None = Field(default=None, description="E-mail address.")
    website: Website | None = Field(default=None, description="URL of the website.")
    location: LocationWrite | None = Field(default=None, description="Position on the map, WGS 84.")
    invoice_number: InvoiceNumber | None = Field(
        default=None,
        description="Registration number for qualified invoices: `T` and 13 digits.",
    )
    legal_notice: BilingualProseWrite | None = Field(
        default=None,
        description="Notice of the Act on Specified Commercial Transactions, in Japanese, English or both.",
    )
    time_zone: Zone = Field(default="Asia/Tokyo", description="IANA time zone of the venue, such as `Asia/Tokyo`.")
    currency: Currency = Field(default="JPY", description="ISO 4217 code, such as `JPY`.")

    def columns(self) -> dict[str, Any]:
        """As the database keeps it."""
        given = {name for name in type(self).model_fields if getattr(self, name) is not None}
        return _columns(self, given)


class BusinessUpdate(Changes):
    """Fields to change. The currency cannot change, because prices have it."""

    model_config = ConfigDict(json_schema_extra=examples({"name": {"ja": "サロン花", "en": "Salon Hana"}}))
    erasable: ClassVar[frozenset[str]] = frozenset(
        {"description", "address", "postal_code", "prefecture", "city", "phone", "email", "website", "location"}
        | {"invoice_number", "legal_notice"}
    )

    name: BilingualNameWrite | None = Field(default=None, description="Name in Japanese, English or both.")
    vertical: Vertical | None = Field(default=None, description="Line of business.")
    slug: Slug | None = Field(
        default=None,
        description="Name in the business's own URL: small letters, digits and hyphens.",
    )
    description: BilingualProseWrite | None = Field(
        default=None,
        description="Description in Japanese, English or both.",
    )
    address: BilingualNameWrite | None = Field(default=None, description="Street address in Japanese, English or both.")
    postal_code: PostalCode | None = Field(default=None, description="Japanese postal code, seven digits.")
    prefecture: PrefectureName | None = Field(default=None, description="Prefecture.")
    city: Short | None = Field(default=None, description="City, ward or town.")
    phone: Phone | None = Field(default=None, description="Phone number in E.164, such as `+81312345678`.")
    email: Email | None = Field(default=None, description="E-mail address.")
    website: Website | None = Field(default=None, description="URL of the website.")
    location: LocationWrite | None = Field(default=None, description="Position on the map, WGS 84.")
    invoice_number: InvoiceNumber | None = Field(
        default=None,
        description="Registration number for qualified invoices: `T` and 13 digits.",
    )
    legal_notice: BilingualProseWrite | None = Field(
        default=None,
        description="Notice of the Act on Specified Commercial Transactions, in Japanese, English or both.",
    )
    time_zone: Zone | None = Field(default=None, description="IANA time zone of the venue, such as `Asia/Tokyo`.")
    payment_provider: ProviderName | None = Field(
        default=None,
        description="Where the account for online payments is. Payments that were opened before stay where they are.",
    )

    def columns(self) -> dict[str, Any]:
        """The columns that change."""
        return _columns(self, self.model_fields_set)


def _columns(written: BusinessCreate | BusinessUpdate, names: set[str]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for name in names:
        value = getattr(written, name)
        if name == "location":
            columns["latitude"] = value.latitude if value else None
            columns["longitude"] = value.longitude if value else None
        elif name == "phone":
            columns["phone_as_typed"], columns["phone"] = value or (None, None)
        else:
            columns[name] = value.stored() if isinstance(value, BilingualWrite) else value
    return columns


class PrefectureRead(Output):
    """A prefecture; ``code`` as in JIS X 0401."""

    code: str = Field(description="JIS X 0401 code, two digits.")
    ja: str = Field(description="Name in Japanese.")
    en: str = Field(description="Name in English.")
    text: str = Field(description="The name in the caller's language.")

    @classmethod
    def of(cls, one: Prefecture) -> Self:
        """One of the 47."""
        names = {"ja": one.value, "en": one.english}
        return cls(code=one.code, **names, text=resolved(names))


class BusinessRead(ChangedRecordRead):
    """A business for the public, and for its owner before it is approved. ``phone`` is E.164."""

    model_config = ConfigDict(json_schema_extra=examples(READ_EXAMPLE))

    slug: str = Field(description="Name in the business's own URL: small letters, digits and hyphens.")
    status: BusinessStatus = Field(description="Present status.")
    vertical: Vertical = Field(description="Line of business.")
    name: BilingualRead = Field(description="Name in Japanese, English or both.")
    description: BilingualRead | None = Field(description="Description in Japanese, English or both.")
    address: BilingualRead | None = Field(description="Street address in Japanese, English or both.")
    postal_code: str | None = Field(description="Japanese postal code, seven digits.")
    prefecture: PrefectureRead | None = Field(description="Prefecture.")
    city: str | None = Field(description="City, ward or town.")
    phone: str | None = Field(description="Phone number in E.164, such as `+81312345678`.")
    phone_as_typed: str | None = Field(description="Phone number as it was entered; null for none.")
    email: str | None = Field(description="E-mail address of the business; null for none.")
    website: str | None = Field(description="URL of the website; null for none.")
    location: LocationWrite | None = Field(description="Position on the map, WGS 84.")
    time_zone: str = Field(description="IANA time zone of the venue, such as `Asia/Tokyo`.")
    currency: str = Field(description="ISO 4217 code, such as `JPY`.")
    invoice_number: str | None = Field(
        description="Registration number for qualified invoices: `T` and 13 digits; null for none.",
    )
    legal_notice: BilingualRead | None = Field(
        description="Notice of the Act on Specified Commercial Transactions, in Japanese, English or both.",
    )
    payment_provider: ProviderName = Field(description="Whose form takes cards in the customer's browser.")

    @classmethod
    def of(cls, row: BusinessRow) -> Self:
        """A stored business."""
        return cls(**_shown(row))


class OwnBusinessRead(BusinessRead):
    """A business of the caller. ``role``: owner, manager, staff or assistant."""

    model_config = ConfigDict(json_schema_extra=examples({**READ_EXAMPLE, "role": "owner"}))

    role: Role = Field(description="Role in the business.")

    @classmethod
    def mine(cls, found: tuple[BusinessRow, str]) -> Self:
        """A stored business and what one is there."""
        return cls(**_shown(found[0]), role=Role(found[1]))


class BusinessSummaryRead(BusinessRead):
    """A business in a search. ``distance_m``: whole metres from the point that was asked for, along the ground."""

    model_config = ConfigDict(json_schema_extra=examples({**READ_EXAMPLE, "distance_m": 420}))

    distance_m: int | None = Field(description="Metres from the point that was asked for; null without a point.")

    @classmethod
    def found(cls, one: Found) -> Self:
        """One that a search found."""
        return cls(**_shown(one.business), distance_m=None if one.distance_m is None else round(one.distance_m))


def _shown(row: BusinessRow) -> dict[str, Any]:
    shown = {name: getattr(row, name) for name in BusinessRead.model_fields if name != "location"}
    for name in ("name", "description", "address", "legal_notice"):
        shown[name] = BilingualRead.of(shown[name]) if shown[name] else None
    shown["prefecture"] = PrefectureRead.of(Prefecture(row.prefecture)) if row.prefecture else None
    return shown | {"location": _location(row)}


def _location(row: BusinessRow) -> LocationWrite | None:
    if row.latitude is None or row.longitude is None:
        return None
    return LocationWrite(latitude=row.latitude, longitude=row.longitude)
