"""The waitlist, split by verb: join and leave, offer, accept, read."""

from db.bookings.waitlist.accept import WaitlistAcceptStore
from db.bookings.waitlist.entries import WaitlistEntryStore
from db.bookings.waitlist.offers import WaitlistOfferStore
from db.bookings.waitlist.queries import WaitlistStore


class WaitlistStores(WaitlistEntryStore, WaitlistOfferStore, WaitlistAcceptStore, WaitlistStore):
    """The stores of the waitlist of a business."""
