"""Another person serves a booking: does its customer get a message? Pure rules."""

from enum import StrEnum


class StaffChangeNotice(StrEnum):
    """The business's setting: when a customer gets a message that somebody else serves."""

    NEVER = "never"
    IF_ASKED_FOR = "if_asked_for"
    ALWAYS = "always"


def notifies_customer(setting: StaffChangeNotice, was_asked_for: bool) -> bool:
    """Whether the customer gets a message. ``was_asked_for``: the customer had chosen the person who is replaced."""
    return setting is StaffChangeNotice.ALWAYS or (setting is StaffChangeNotice.IF_ASKED_FOR and was_asked_for)
