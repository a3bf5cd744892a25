"""How the name of a place is read, for the address of a business whose own name nobody can read."""

from providers.postal.japan_post import places_of


async def city_reading(postal_code: str | None) -> str | None:
    """The city of a postal code in katakana; None where it is not known."""
    places = await places_of(postal_code) if postal_code else []
    return places[0].city_kana if places else None
