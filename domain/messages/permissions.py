"""Permissions of messages."""

from collections.abc import Mapping

from domain.roles import MANAGERS, TEAM, Action, Role, Rule


class MessageAction(Action):
    """Actions on sent messages."""

    READ = "notification.read"
    RETRY = "notification.retry"


PERMISSIONS: Mapping[Action, Rule] = {
    MessageAction.READ: Rule(TEAM | {Role.ADMIN, Role.ASSISTANT, Role.CUSTOMER}, after_closing=True),
    MessageAction.RETRY: Rule(MANAGERS | {Role.ADMIN}),
}
