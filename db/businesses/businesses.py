"""Businesses, their settings, hours and one-off days."""

from db.businesses.profile import BusinessRow, ProfileStore
from db.businesses.search import SearchStore
from db.businesses.settings import SettingsRow, SettingsStore
from db.scheduling.business_hours import HoursStore


class BusinessStore(ProfileStore, SearchStore, SettingsStore, HoursStore):
    """The tenant itself."""


__all__ = ["BusinessRow", "BusinessStore", "SettingsRow"]
