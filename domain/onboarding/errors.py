"""Errors about an application for publication."""

from typing import ClassVar, TypedDict

from domain.errors import RuleBroken


class MissingDetails(TypedDict):
    """Stable codes for everything that is missing."""

    missing: list[str]


class VerificationIncomplete(RuleBroken):
    """The business cannot be reviewed yet. ``details["missing"]``: stable codes for everything that is missing."""

    code = "verification_incomplete"
    shape: ClassVar[type] = MissingDetails
