"""Permissions of customers."""

from collections.abc import Mapping

from domain.roles import TEAM, Action, Role, Rule


class CustomerAction(Action):
    """Actions on the records of customers."""

    READ = "customer.read"
    WRITE = "customer.write"


PERMISSIONS: Mapping[Action, Rule] = {
    CustomerAction.READ: Rule(TEAM | {Role.ASSISTANT}),
    CustomerAction.WRITE: Rule(TEAM),
}
