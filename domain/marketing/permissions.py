"""Permissions of campaigns and automations."""

from collections.abc import Mapping

from domain.roles import MANAGERS, Action, Rule


class MarketingAction(Action):
    """Actions on messages to many customers."""

    READ = "marketing.read"
    WRITE = "marketing.write"
    SEND = "marketing.send"


PERMISSIONS: Mapping[Action, Rule] = {
    MarketingAction.READ: Rule(MANAGERS),
    MarketingAction.WRITE: Rule(MANAGERS),
    # To many people at once, in the name of the business.
    MarketingAction.SEND: Rule(MANAGERS),
}
