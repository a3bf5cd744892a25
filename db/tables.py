"""Tables only, one module per noun. Importing this package registers all of them."""

from collections.abc import Mapping

from db.analytics import export_tables as analytics_exports
from db.analytics import tables as analytics
from db.bookings import feed_tables as calendar_feeds
from db.bookings import tables as bookings
from db.bookings.waitlist import tables as waitlist
from db.businesses import tables as businesses
from db.catalogue import tables as catalogue
from db.customers import archive_tables as business_archives
from db.customers import import_tables as customer_imports
from db.customers import merge_tables as customer_merges
from db.customers import note_tables as customer_notes
from db.customers import tables as customers
from db.engine.base import CACHE_KIND, Base
from db.identity import link_tables as single_use_links
from db.identity import tables as identity
from db.marketing import tables as marketing
from db.media import tables as media
from db.messages import channel_tables as channels
from db.messages import preference_tables as preferences
from db.messages import tables as notices
from db.onboarding import tables as verifications
from db.payments import account_tables as payment_accounts
from db.payments import dispute_tables as disputes
from db.payments import payout_tables as payouts
from db.payments import receipt_tables as receipts
from db.payments import tables as payments
from db.payments import venue_tables as venue_payments
from db.platform import flag_tables as flags
from db.platform import tables as platform
from db.privacy import tables as data_rights
from db.reviews import tables as reviews
from db.scheduling import tables as staff
from domain.platform.invalidation import CacheKind

#: Which cached answers a change of the table ends; the other tables end none.
CACHE_KINDS: Mapping[str, CacheKind] = {
    table.name: table.info[CACHE_KIND] for table in Base.metadata.tables.values() if CACHE_KIND in table.info
}

__all__ = [
    "CACHE_KINDS",
    "Base",
    "analytics",
    "analytics_exports",
    "bookings",
    "business_archives",
    "businesses",
    "calendar_feeds",
    "catalogue",
    "channels",
    "customer_imports",
    "customer_merges",
    "customer_notes",
    "customers",
    "data_rights",
    "disputes",
    "flags",
    "identity",
    "marketing",
    "media",
    "notices",
    "payment_accounts",
    "payments",
    "payouts",
    "platform",
    "preferences",
    "receipts",
    "reviews",
    "single_use_links",
    "staff",
    "venue_payments",
    "verifications",
    "waitlist",
]
