"""The profile of a business: its kind, and the columns that identify it."""

from enum import StrEnum

from domain.business_status import BusinessStatus
from domain.errors import WrongState


class Vertical(StrEnum):
    """Kind of business."""

    SALON = "salon"
    SPA = "spa"
    RESTAURANT = "restaurant"
    BARBER = "barber"
    CLINIC = "clinic"
    FITNESS = "fitness"


class AsksKana(StrEnum):
    """Whether the booking form asks for the name in kana."""

    OFF = "off"
    ASKED = "asked"
    DEMANDED = "demanded"


#: Kinds of businesses that need a permit by law: restaurants (食品衛生法第55条), hairdressers
#: (美容師法第11条・第12条), barbers (理容師法第11条・第11条の2) and clinics (医療法第7条・第8条).
PERMIT_NEEDED = frozenset({Vertical.RESTAURANT, Vertical.SALON, Vertical.BARBER, Vertical.CLINIC})

#: Columns that identify a business for customers and by law. Operators have reviewed these, also
#: ``email``: messages with the texts of customers go there.
IDENTITY = frozenset(
    {"name", "vertical", "address", "postal_code", "prefecture", "city", "phone", "email"}
    | {"invoice_number", "legal_notice"}
)

#: Operators have reviewed the documents of a business with one of these statuses.
REVIEWED = frozenset({BusinessStatus.APPROVED, BusinessStatus.SUSPENDED})


def check_kind(status: BusinessStatus, present: str, wanted: str) -> None:
    """Raise WrongState if a business that was reviewed as one kind becomes a kind that needs a permit: nobody has seen
    that permit."""
    if status in REVIEWED and wanted in PERMIT_NEEDED and wanted != present:
        raise WrongState({"status": status.value, "wanted": wanted})
