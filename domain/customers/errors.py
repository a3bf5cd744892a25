"""Errors about the records of customers."""

from typing import ClassVar

from domain.error_details import NoDetails, ReasonDetails
from domain.errors import Conflict


class CustomersHaveTwoLogins(Conflict):
    """Both records are linked to a login, so they are not one person."""

    code = "customers_have_two_logins"
    shape: ClassVar[type] = NoDetails


class UnmergeRefused(Conflict):
    """The merge cannot be undone. ``details["reason"]``: ``too_late`` or ``merged_again``."""

    code = "unmerge_refused"
    shape: ClassVar[type] = ReasonDetails
