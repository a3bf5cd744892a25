"""The look of a business's messages."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from db.engine.store import Store
from domain.errors import InvalidInput, NotFound
from domain.messages.brand import check_colour

_GET = text("SELECT colour, logo_media_id FROM message_brands WHERE business_id = :business_id")
_SET = text("""
    INSERT INTO message_brands (business_id, colour, logo_media_id) VALUES (:business_id, :colour, :logo_media_id)
    ON CONFLICT ON CONSTRAINT pk_message_brands DO UPDATE
       SET colour = excluded.colour, logo_media_id = excluded.logo_media_id
""")
_SHOWN = "m.kind = 'image' AND m.status = 'ready' AND m.deleted_at IS NULL"
_IS_PICTURE = text(f"""
    SELECT EXISTS (SELECT FROM business_media m WHERE m.id = :id AND m.business_id = :business_id AND {_SHOWN})
""")
_LOGO = text(f"""
    SELECT m.variants->'thumbnail' AS variant FROM message_brands b
      JOIN business_media m ON m.id = b.logo_media_id AND m.business_id = b.business_id AND {_SHOWN}
     WHERE b.business_id = :business_id
""")


@dataclass(frozen=True, slots=True)
class BrandRow:
    """The colour as ``#rrggbb`` and the picture; None where none is chosen."""

    colour: str | None
    logo_media_id: UUID | None


@dataclass(frozen=True, slots=True)
class LogoFile:
    """Where the storage has the logo."""

    key: str
    content_type: str


class BrandStore(Store):
    """Colour and logo."""

    async def get(self, business_id: UUID) -> BrandRow:
        """The look; nothing is chosen at first."""
        row = (await self.session.execute(_GET, {"business_id": business_id})).one_or_none()
        return BrandRow(None, None) if row is None else BrandRow(row.colour, row.logo_media_id)

    async def set(self, business_id: UUID, brand: BrandRow) -> None:
        """Choose the look. Raises InvalidInput for a colour on which white cannot be read, and for a logo that is not
        a published picture of this business."""
        check_colour(brand.colour)
        if brand.logo_media_id is not None:
            values: dict[str, Any] = {"id": brand.logo_media_id, "business_id": business_id}
            if not (await self.session.execute(_IS_PICTURE, values)).scalar_one():
                raise InvalidInput.at("logo_media_id", "not_a_picture")
        values = {"business_id": business_id, "colour": brand.colour, "logo_media_id": brand.logo_media_id}
        await self.session.execute(_SET, values)

    async def logo(self, business_id: UUID) -> LogoFile:
        """The file of the logo. Raises NotFound for a business without one."""
        found = (await self.session.execute(_LOGO, {"business_id": business_id})).scalar_one_or_none()
        if found is None:
            raise NotFound({"business_id": str(business_id)})
        return LogoFile(found["key"], found["content_type"])
