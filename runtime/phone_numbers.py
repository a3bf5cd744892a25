"""Phone numbers as files have them, and as people read them."""

import phonenumbers

_JAPAN = 81


def read_phone(text: str) -> str | None:
    """A number in the international form (E.164), or None. Without a country code it is a number in Japan."""
    try:
        number = phonenumbers.parse(text[:40], "JP")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def shown(number: str, as_typed: str, language: str) -> str:
    """``03-5550-0123`` in Japanese, as it was typed if that is known; ``+81 3-5550-0123`` in English. ``number`` is
    E.164; a number that cannot be parsed stays unchanged."""
    try:
        parsed = phonenumbers.parse(number, "JP")
    except phonenumbers.NumberParseException:
        return as_typed or number
    international = phonenumbers.PhoneNumberFormat.INTERNATIONAL
    if language == "en":
        return phonenumbers.format_number(parsed, international)
    at_home = parsed.country_code == _JAPAN
    return as_typed or phonenumbers.format_number(
        parsed, phonenumbers.PhoneNumberFormat.NATIONAL if at_home else international
    )
