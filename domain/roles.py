"""Roles, and the types with which an area declares permissions in ``domain/<area>/permissions.py``.

A role belongs to the business of an object. ``customer`` and ``guest`` may act on their own bookings and payments only:
the caller's role is determined from the object, so another person's booking gives no role.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Role(StrEnum):
    """The role of a person in the business, or for the one booking, of a request."""

    ADMIN = "admin"
    OWNER = "owner"
    MANAGER = "manager"
    STAFF = "staff"
    ASSISTANT = "assistant"
    CUSTOMER = "customer"
    GUEST = "guest"


class Action(StrEnum):
    """Something that needs a permission. Each area has a subclass with its members."""


#: Roles that manage the business.
MANAGERS = frozenset({Role.OWNER, Role.MANAGER})
#: Roles that serve customers; an assistant may only read.
TEAM = MANAGERS | {Role.STAFF}
#: The customer of a booking, with a login or with the signed link of a message.
CUSTOMERS = frozenset({Role.CUSTOMER, Role.GUEST})
EVERYBODY = frozenset(Role)


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may do one action.

    ``after_closing``: also if the business is closed, so that existing bookings can be read, cancelled and refunded.
    ``impartial``: not for an operator who owns the business or works there. ``link_lasts``: how long after the end of
    the visit a guest's link allows it; None: as long as the link is valid.
    """

    roles: frozenset[Role]
    after_closing: bool = False
    impartial: bool = False
    link_lasts: timedelta | None = None
