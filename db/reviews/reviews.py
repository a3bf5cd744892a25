"""Everything that is done with reviews, in one store."""

from db.reviews.moderation import ReviewModerationStore
from db.reviews.queries import ReviewReadStore


class ReviewStore(ReviewModerationStore, ReviewReadStore):
    """Writing, moderating and reading reviews."""
