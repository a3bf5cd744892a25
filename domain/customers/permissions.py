"""Permissions of customers."""

from collections.abc import Mapping

from domain.roles import TEAM, Action, Role, Rule


class CustomerAction(Action):
    """Actions on the records of customers."""

    READ = "customer.read"
    WRITE = "customer.write"
    IMPORT = "customer.import"
    EXPORT = "customer.export"
    READ_HEALTH = "customer.read_health"
    READ_HEALTH_READERS = "customer.read_health_readers"


PERMISSIONS: Mapping[Action, Rule] = {
    CustomerAction.READ: Rule(TEAM | {Role.ASSISTANT}),
    CustomerAction.WRITE: Rule(TEAM),
    # All data at once, in and out.
    CustomerAction.IMPORT: Rule(frozenset({Role.OWNER, Role.MANAGER})),
    CustomerAction.EXPORT: Rule(frozenset({Role.OWNER, Role.MANAGER})),
    # Notes about health and belief: for those who serve the customer. Each reading is recorded, for the owner.
    CustomerAction.READ_HEALTH: Rule(TEAM),
    CustomerAction.READ_HEALTH_READERS: Rule(frozenset({Role.OWNER})),
}
