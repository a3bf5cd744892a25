"""A business's own text as its customers will see it: the real layout with example data."""

from activities.templates.examples import NOW, booking_message
from activities.templates.render import compose
from domain.messages.kinds import NoticeKind
from domain.messages.texts import OwnText
from providers.email.interface import Email
from runtime.booking_links import BookingLinks
from runtime.keyring import KeyRing
from runtime.links import Links

#: Signs the links of the example, which open nothing.
_LINKS = Links(KeyRing("preview", {"preview": b"a key that signs nothing else"}))


def preview_own_text(kind: NoticeKind, language: str, own: OwnText, public_url: str, colour: str | None) -> Email:
    """The whole message. ``colour``: the business's own (``#rrggbb``), None for the platform's."""
    content = booking_message(kind, language, "customer", colour=colour)
    return compose(content, NOW, BookingLinks(_LINKS, public_url), own)
