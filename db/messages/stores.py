"""The stores of messages, one property per noun."""

from functools import cached_property

from db.engine.store import Store
from db.messages.brands import BrandStore
from db.messages.notices import NoticeStore
from db.messages.preferences import PreferenceStore


class MessageStores(Store):
    """Messages to people."""

    @cached_property
    def notices(self) -> NoticeStore:
        """Messages and the attempts to send them."""
        return NoticeStore(self.session, self.context)

    @cached_property
    def preferences(self) -> PreferenceStore:
        """What recipients want, and what they have consented to."""
        return PreferenceStore(self.session, self.context)

    @cached_property
    def brands(self) -> BrandStore:
        """The look of a business's messages."""
        return BrandStore(self.session, self.context)
