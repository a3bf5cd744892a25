"""A booking with everything that can be known, and the messages about it."""

from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from typing import Any

from activities.templates import render
from activities.templates.examples import booking_message
from db.messages.notices import NoticeContent
from domain.messages.kinds import Audience, NoticeKind
from providers.email.interface import Email
from runtime.booking_links import BookingLinks
from runtime.keyring import KeyRing
from runtime.links import Links
from tests.activities.templates.cases import NOW, Case

K = NoticeKind
LINKS = BookingLinks(Links(KeyRing("k1", {"k1": b"0" * 32})), "https://booking.example")
LANGUAGES = ("ja", "en")


def content(
    kind: NoticeKind = K.BOOKING_CONFIRMED, language: str = "ja", audience: Audience = "customer", **changes: Any
) -> NoticeContent:
    """A booking of tomorrow's kind: paid, confirmed, with everything that can be known."""
    whole = booking_message(K.BOOKING_CONFIRMED, language, audience)
    return replace(whole, **{"kind": kind.value, "facts": {}, "special_requests": "静かな席", **changes})


def compose(what: NoticeContent, now: datetime = NOW) -> Email:
    """The message at ``now``."""
    return render.compose(what, now, LINKS)


def written(case: Case, language: str, **changes: Any) -> Email:
    """The message of a case."""
    return compose(content(case.kind, language, case.audience, facts=case.facts, **(case.changes | changes)))


class Seen(HTMLParser):
    """The tags of a page, where its links lead, and the words between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.words = ""
        self._hidden = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._hidden = tag == "style"
        if tag == "br":
            self.words += "\n"
        self.links += [value for name, value in attrs if name == "href" and value]

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words += data
