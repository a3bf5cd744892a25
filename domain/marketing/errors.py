"""Errors about campaigns and automations."""

from typing import ClassVar, TypedDict

from domain.errors import RuleBroken


class MissingDetails(TypedDict):
    """What the profile of the business does not have: ``address``, ``contact``."""

    missing: list[str]


class SenderIncomplete(RuleBroken):
    """An advertising e-mail must name its sender's address, and whom to ask. The profile of the business does not say
    it."""

    code = "sender_incomplete"
    shape: ClassVar[type] = MissingDetails
