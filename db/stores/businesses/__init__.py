"""Businesses, their settings, hours and one-off days."""

from db.stores.businesses.hours import HoursStore
from db.stores.businesses.profile import BusinessRow, ProfileStore
from db.stores.businesses.search import SearchStore
from db.stores.businesses.settings import SettingsRow, SettingsStore


class BusinessStore(ProfileStore, SearchStore, SettingsStore, HoursStore):
    """The tenant itself."""


__all__ = ["BusinessRow", "BusinessStore", "SettingsRow"]
