"""Errors about an application for publication."""

from typing import ClassVar, TypedDict

from domain.errors import RuleBroken


class MissingDetails(TypedDict):
    """Stable words for all that is not there."""

    missing: list[str]


class VerificationIncomplete(RuleBroken):
    """The business cannot be reviewed yet. ``details["missing"]``: stable words for everything that is missing."""

    code = "verification_incomplete"
    shape: ClassVar[type] = MissingDetails
