"""The status of a customer's review, and the one table of its changes."""

from collections.abc import Mapping
from enum import StrEnum


class PublicationStatus(StrEnum):
    """The status of a review."""

    PENDING = "pending"  # written, and not public yet
    PUBLISHED = "published"
    REJECTED = "rejected"  # never public; nothing follows
    HIDDEN = "hidden"  # not public (any more); an operator may publish it again


P = PublicationStatus

#: What may follow each status. A check constraint of ``review_history`` repeats the table.
ALLOWED: Mapping[PublicationStatus, frozenset[PublicationStatus]] = {
    P.PENDING: frozenset({P.PUBLISHED, P.REJECTED, P.HIDDEN}),
    P.PUBLISHED: frozenset({P.HIDDEN}),
    P.HIDDEN: frozenset({P.PUBLISHED}),
    P.REJECTED: frozenset(),
}
#: All changes as ``from>to``, in a fixed order.
STEPS: tuple[str, ...] = tuple(f"{before.value}>{after.value}" for before in P for after in sorted(ALLOWED[before]))


class Subject(StrEnum):
    """What stars are counted for."""

    BUSINESS = "business"
    SERVICE = "service"
    STAFF = "staff"


class RemovalReason(StrEnum):
    """Why somebody asks for a review to be taken down, and why it was."""

    OFFENSIVE = "offensive"
    PERSONAL_DATA = "personal_data"  # it names or shows a person
    NOT_A_VISIT = "not_a_visit"  # it is not about this visit
    ADVERTISING = "advertising"
    UNTRUE = "untrue"
    OTHER = "other"
