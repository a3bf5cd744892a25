"""Messages and the attempts to send them, split by verb: promise, send, read."""

from db.stores.notices.letters import LetterContent, LetterLink, LetterStore
from db.stores.notices.promise import Audience, Letter, Promise, PromiseStore
from db.stores.notices.read import NoticeReadStore, NoticeRow
from db.stores.notices.send import AgreedItem, Attempt, AttemptOutcome, NoticeContent, SendStore


class NoticeStore(PromiseStore, SendStore, LetterStore, NoticeReadStore):
    """Messages and the attempts to send them."""


__all__ = [
    "AgreedItem",
    "Attempt",
    "AttemptOutcome",
    "Audience",
    "Letter",
    "LetterContent",
    "LetterLink",
    "NoticeContent",
    "NoticeRow",
    "NoticeStore",
    "Promise",
]
