"""Phone numbers of files."""

import phonenumbers


def read_phone(text: str) -> str | None:
    """A number in the international form (E.164), or None. Without a country code it is a number in Japan."""
    try:
        number = phonenumbers.parse(text[:40], "JP")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
