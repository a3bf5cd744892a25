"""Businesses, their settings and search."""

from db.businesses.profile import BusinessRow, ProfileStore
from db.businesses.search import SearchStore
from db.businesses.settings import SettingsRow, SettingsStore


class BusinessStore(ProfileStore, SearchStore, SettingsStore):
    """The tenant itself."""


__all__ = ["BusinessRow", "BusinessStore", "SettingsRow"]
