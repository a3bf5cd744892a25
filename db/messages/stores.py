"""The stores of messages, one property per noun."""

from functools import cached_property

from db.engine.store import Store
from db.messages.brands import BrandStore
from db.messages.channels import ChannelStore
from db.messages.ledger import LedgerStore
from db.messages.notices import NoticeStore
from db.messages.preferences import PreferenceStore
from db.messages.texts import TextStore


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
    def channels(self) -> ChannelStore:
        """Where people can be reached beside e-mail."""
        return ChannelStore(self.session, self.context)

    @cached_property
    def ledger(self) -> LedgerStore:
        """What became of messages."""
        return LedgerStore(self.session, self.context)

    @cached_property
    def texts(self) -> TextStore:
        """Texts that businesses have written themselves."""
        return TextStore(self.session, self.context)

    @cached_property
    def brands(self) -> BrandStore:
        """The look of a business's messages."""
        return BrandStore(self.session, self.context)
