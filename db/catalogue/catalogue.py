"""What can be booked, what it uses up, and what a cancellation costs."""

from db.catalogue.policies import PolicyRow, PolicyStore
from db.catalogue.resources import ResourceRow, ResourceStore
from db.catalogue.services import ServiceRow, ServiceStore


class CatalogueStore(ServiceStore, ResourceStore, PolicyStore):
    """Services, resources and cancellation policies."""


__all__ = ["CatalogueStore", "PolicyRow", "ResourceRow", "ServiceRow"]
