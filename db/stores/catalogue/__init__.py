"""What can be booked, what it uses up, and what a cancellation costs."""

from db.stores.catalogue.policies import PolicyRow, PolicyStore
from db.stores.catalogue.resources import ResourceRow, ResourceStore
from db.stores.catalogue.services import ServiceRow, ServiceStore


class CatalogueStore(ServiceStore, ResourceStore, PolicyStore):
    """Services, resources and cancellation policies."""


__all__ = ["CatalogueStore", "PolicyRow", "ResourceRow", "ServiceRow"]
