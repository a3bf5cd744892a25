"""The contact of a booking: name and address that were typed for it, or those of the customer's record."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contact:
    """``email`` and ``phone`` are None if not given. Every booking has its own contact: a later booking with the same
    address does not change it."""

    family_name: str
    given_name: str = ""
    email: str | None = None
    phone: str | None = None
    #: Full-width katakana.
    family_name_kana: str | None = None
    given_name_kana: str | None = None


def walk_in_contact(language: str) -> Contact:
    """Of a customer who came without a booking and gave no name. ``language``: ``ja`` or ``en``."""
    return Contact("予約なしのお客様" if language == "ja" else "Walk-in")
