"""What a business says about itself."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Self
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from api.fields import (
    Bilingual,
    BilingualProse,
    BilingualRead,
    Changes,
    Email,
    Input,
    Line,
    Output,
    Phone,
    Website,
    examples,
)
from db.stores.businesses import BusinessRow
from domain.businesses.hours import check_zone
from domain.businesses.slug import check_slug
from domain.businesses.status import BusinessStatus, Vertical
from domain.errors import CurrencyMismatch, Malformed
from domain.money import SUPPORTED

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
    "phone": "+81355500123",
    "time_zone": "Asia/Tokyo",
    "currency": "JPY",
    "created_at": "2026-11-21T01:30:00Z",
    "updated_at": "2026-11-21T01:30:00Z",
}


def _zone(name: str) -> str:
    try:
        check_zone(name)
    except Malformed as error:
        raise Malformed({"field": "time_zone", "rule": "iana_zone"}) from error
    return name


def _currency(code: str) -> str:
    if code not in SUPPORTED:
        raise CurrencyMismatch({"field": "currency", "got": code})
    return code


Zone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_zone)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$"), AfterValidator(_currency)]
Slug = Annotated[str, StringConstraints(max_length=100), AfterValidator(check_slug)]
Short = Annotated[Line, Field(max_length=60)]


class Location(Input):
    """Degrees, WGS 84."""

    latitude: float = Field(ge=-90, le=90, allow_inf_nan=False)
    longitude: float = Field(ge=-180, le=180, allow_inf_nan=False)


class BusinessCreate(Input):
    """A new business. Without ``slug`` one is made from the name."""

    model_config = ConfigDict(
        json_schema_extra=examples({**_WRITTEN, "vertical": "salon", "time_zone": "Asia/Tokyo", "currency": "JPY"})
    )

    name: Bilingual
    vertical: Vertical
    slug: Slug | None = None
    description: BilingualProse | None = None
    address: Bilingual | None = None
    postal_code: Short | None = None
    prefecture: Short | None = None
    city: Short | None = None
    phone: Phone | None = None
    email: Email | None = None
    website: Website | None = None
    location: Location | None = None
    time_zone: Zone = "Asia/Tokyo"
    currency: Currency = "JPY"

    def columns(self) -> dict[str, Any]:
        """As the database keeps it."""
        given = {name for name in type(self).model_fields if getattr(self, name) is not None}
        return _columns(self, given)


class BusinessUpdate(Changes):
    """What is to be different. The currency stays: prices are in it."""

    model_config = ConfigDict(json_schema_extra=examples({"name": {"ja": "サロン花", "en": "Salon Hana"}}))
    erasable: ClassVar[frozenset[str]] = frozenset(
        {"description", "address", "postal_code", "prefecture", "city", "phone", "email", "website", "location"}
    )

    name: Bilingual | None = None
    vertical: Vertical | None = None
    slug: Slug | None = None
    description: BilingualProse | None = None
    address: Bilingual | None = None
    postal_code: Short | None = None
    prefecture: Short | None = None
    city: Short | None = None
    phone: Phone | None = None
    email: Email | None = None
    website: Website | None = None
    location: Location | None = None
    time_zone: Zone | None = None

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
        else:
            columns[name] = value.stored() if isinstance(value, Bilingual) else value
    return columns


class BusinessRead(Output):
    """A business as everybody sees it, and as its owner does before it is approved."""

    model_config = ConfigDict(json_schema_extra=examples(READ_EXAMPLE))

    id: UUID
    slug: str
    status: BusinessStatus
    vertical: Vertical
    name: BilingualRead
    description: BilingualRead | None
    address: BilingualRead | None
    postal_code: str | None
    prefecture: str | None
    city: str | None
    phone: str | None
    email: str | None
    website: str | None
    location: Location | None
    time_zone: str
    currency: str
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: BusinessRow) -> Self:
        """A stored business."""
        return cls(
            id=row.id,
            slug=row.slug,
            status=BusinessStatus(row.status),
            vertical=Vertical(row.vertical),
            name=BilingualRead.of(row.name),
            description=BilingualRead.of(row.description) if row.description else None,
            address=BilingualRead.of(row.address) if row.address else None,
            postal_code=row.postal_code,
            prefecture=row.prefecture,
            city=row.city,
            phone=row.phone,
            email=row.email,
            website=row.website,
            location=_location(row),
            time_zone=row.time_zone,
            currency=row.currency,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


def _location(row: BusinessRow) -> Location | None:
    if row.latitude is None or row.longitude is None:
        return None
    return Location(latitude=row.latitude, longitude=row.longitude)
