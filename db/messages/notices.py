"""Messages and the attempts to send them, split by verb: queue, decide, send, read."""

from db.messages.account_emails import AccountEmailContent, AccountEmailLink, AccountEmailStore
from db.messages.commands.deliveries import DeliveryStore
from db.messages.commands.queue import AccountEmail, NoticeQueueStore, QueuedNotice
from db.messages.commands.send import AgreedItem, NoticeContent, SendAttempt, SendStore
from db.messages.queries import NoticeReadStore, NoticeRow
from db.messages.send_facts import SendDecisionStore


class NoticeStore(NoticeQueueStore, SendStore, DeliveryStore, SendDecisionStore, AccountEmailStore, NoticeReadStore):
    """Messages and the attempts to send them."""


__all__ = [
    "AccountEmail",
    "AccountEmailContent",
    "AccountEmailLink",
    "AgreedItem",
    "NoticeContent",
    "NoticeRow",
    "NoticeStore",
    "QueuedNotice",
    "SendAttempt",
]
