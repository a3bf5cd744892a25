"""Colour and logo of a business in its messages."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from api.http.fields import Input, Output, examples
from db.messages.brands import BrandRow

_BRAND = {"colour": "#7a3b69", "logo_media_id": "019a0c5e-9f3b-7c21-b5d4-a9e1f2036c58"}
_COLOUR = "Colour of buttons and of the line at the top, as `#rrggbb`; null for the platform's."
_LOGO = "A published picture of the business (UUID); null for none."

Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9A-Fa-f]{6}$", max_length=7, to_lower=True)]


class MessageBrandUpdate(Input):
    """Colour and logo; both are replaced. White text must be readable on the colour."""

    model_config = ConfigDict(json_schema_extra=examples(_BRAND))

    colour: Colour | None = Field(description=_COLOUR)
    logo_media_id: UUID | None = Field(description=_LOGO)

    def row(self) -> BrandRow:
        """As the store has it."""
        return BrandRow(self.colour, self.logo_media_id)


class MessageBrandRead(Output):
    """Colour and logo."""

    model_config = ConfigDict(json_schema_extra=examples({**_BRAND, "logo_url": None}))

    colour: str | None = Field(description=_COLOUR)
    logo_media_id: UUID | None = Field(description=_LOGO)
    logo_url: str | None = Field(description="Where messages load the logo from; null without one.")

    @classmethod
    def of(cls, row: BrandRow, logo_url: str) -> Self:
        """What is stored, with the address of the logo."""
        return cls(colour=row.colour, logo_media_id=row.logo_media_id, logo_url=logo_url if row.logo_media_id else None)


class PublicBrandRead(Output):
    """What everybody sees of the look."""

    model_config = ConfigDict(json_schema_extra=examples({"colour": _BRAND["colour"]}))

    colour: str | None = Field(description=_COLOUR)
