"""Permissions of the catalogue."""

from collections.abc import Mapping

from domain.roles import EVERYBODY, MANAGERS, Action, Rule


class CatalogueAction(Action):
    """Actions on services, resources and cancellation policies."""

    READ = "catalogue.read"
    WRITE_SERVICE = "service.write"
    WRITE_RESOURCE = "resource.write"
    WRITE_POLICY = "policy.write"


PERMISSIONS: Mapping[Action, Rule] = {
    CatalogueAction.READ: Rule(EVERYBODY),
    CatalogueAction.WRITE_SERVICE: Rule(MANAGERS),
    CatalogueAction.WRITE_RESOURCE: Rule(MANAGERS),
    CatalogueAction.WRITE_POLICY: Rule(MANAGERS),
}
