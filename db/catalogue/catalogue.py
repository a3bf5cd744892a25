"""Services, resources and cancellation policies."""

from db.catalogue.policies import PolicyRow, PolicyStore
from db.catalogue.resources import ResourceRow, ResourceStore
from db.catalogue.services import ServiceRow, ServiceStore


class CatalogueStore(ServiceStore, ResourceStore, PolicyStore):
    """Services, resources and cancellation policies."""


__all__ = ["CatalogueStore", "PolicyRow", "ResourceRow", "ServiceRow"]
