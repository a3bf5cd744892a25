"""Places that share a postal code."""

from typing import Self

from pydantic import ConfigDict, Field

from api.http.fields import Output, examples
from api.v1.businesses.businesses.schemas import PrefectureRead
from domain.businesses.address import Prefecture
from domain.kana import romanised
from providers.postal.japan_post import Place


class PlaceNameRead(Output):
    """A name with its reading in katakana and, from that, in Latin letters as passports write them."""

    ja: str = Field(description="Name in Japanese.")
    kana: str | None = Field(description="Reading in katakana.")
    romaji: str | None = Field(description="Name in Latin letters.")

    @classmethod
    def of(cls, name: str, kana: str | None) -> Self:
        """A name of the tables."""
        return cls(ja=name, kana=kana, romaji=romanised(kana).capitalize() if kana else None)


class PlaceRead(Output):
    """A place. ``neighborhood`` is null where the code covers the whole city."""

    prefecture: PrefectureRead = Field(description="Prefecture.")
    city: PlaceNameRead = Field(description="City, ward or town.")
    neighborhood: PlaceNameRead | None = Field(description="Neighbourhood (町域).")

    @classmethod
    def of(cls, place: Place) -> Self:
        """A place of the tables."""
        hood = PlaceNameRead.of(place.neighborhood, place.neighborhood_kana) if place.neighborhood else None
        return cls(
            prefecture=PrefectureRead.of(Prefecture(place.prefecture)),
            city=PlaceNameRead.of(place.city, place.city_kana),
            neighborhood=hood,
        )


class PostalCodeRead(Output):
    """The places of a code; a few codes have several."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "postal_code": "150-0001",
                "places": [
                    {
                        "prefecture": {"code": "13", "ja": "東京都", "en": "Tokyo", "text": "Tokyo"},
                        "city": {"ja": "渋谷区", "kana": "シブヤク", "romaji": "Shibuyaku"},
                        "neighborhood": {"ja": "神宮前", "kana": "ジングウマエ", "romaji": "Jingumae"},
                    }
                ],
            }
        )
    )

    postal_code: str = Field(description="Japanese postal code, seven digits.")
    places: list[PlaceRead] = Field(description="The places with this postal code.")

    @classmethod
    def of(cls, postal_code: str, places: list[Place]) -> Self:
        """Places of the tables."""
        return cls(postal_code=postal_code, places=[PlaceRead.of(place) for place in places])
