"""The contact of a booking: the name and address that were typed for it, or those of the record it was made for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contact:
    """``email`` and ``phone`` are None where none was given. A booking keeps its own contact: a later booking with the
    same address changes nothing in it."""

    family_name: str
    given_name: str = ""
    email: str | None = None
    phone: str | None = None
