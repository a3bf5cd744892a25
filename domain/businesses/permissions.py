"""Permissions of businesses."""

from collections.abc import Mapping

from domain.roles import EVERYBODY, MANAGERS, Action, Role, Rule


class BusinessAction(Action):
    """Actions on a business and its profile."""

    CREATE = "business.create"
    READ = "business.read"
    UPDATE = "business.update"
    DELETE = "business.delete"
    UPDATE_HOURS = "hours.update"
    UPDATE_SETTINGS = "settings.write"


PERMISSIONS: Mapping[Action, Rule] = {
    # The business does not exist yet: a login acts as ``customer``, or as ``owner`` of another business.
    BusinessAction.CREATE: Rule(frozenset({Role.OWNER, Role.CUSTOMER})),
    BusinessAction.READ: Rule(EVERYBODY),
    BusinessAction.UPDATE: Rule(MANAGERS),
    BusinessAction.DELETE: Rule(frozenset({Role.OWNER})),
    BusinessAction.UPDATE_HOURS: Rule(MANAGERS),
    BusinessAction.UPDATE_SETTINGS: Rule(MANAGERS),
}
