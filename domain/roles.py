"""Roles, and how an area declares who may do what: in ``domain/<area>/permissions.py``.

A role is one in the business of the object. ``customer`` and ``guest`` may act on their own bookings and payments only:
the caller's role is resolved from the object, so somebody else's booking gives no role at all.
"""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person is to the business, or to the one booking, of a request."""

    ADMIN = "admin"
    OWNER = "owner"
    MANAGER = "manager"
    STAFF = "staff"
    ASSISTANT = "assistant"
    CUSTOMER = "customer"
    GUEST = "guest"


class Action(StrEnum):
    """Something that needs permission. Each area has its own subclass with the members."""


#: Who runs the business.
MANAGERS = frozenset({Role.OWNER, Role.MANAGER})
#: Who takes care of customers; an assistant may read only.
TEAM = MANAGERS | {Role.STAFF}
#: The customer of a booking, with a login or with the signed link of a message.
CUSTOMERS = frozenset({Role.CUSTOMER, Role.GUEST})
EVERYBODY = frozenset(Role)


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may do one action.

    ``after_closing``: also where the business is closed, so that what customers booked can be read, cancelled and paid
    back. ``impartial``: not for an admin who owns the business or works there.
    """

    roles: frozenset[Role]
    after_closing: bool = False
    impartial: bool = False
