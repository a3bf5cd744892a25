"""Writes every message in both languages as a page, and one page with all of them at the width of a phone."""

from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from activities.templates.account_email import compose_account_email
from activities.templates.examples import (
    BUSINESS_ID,
    NOW,
    TO_BUSINESS,
    TO_BUSINESS_ALONE,
    account_message,
    booking_message,
)
from activities.templates.render import compose
from domain.messages.kinds import AccountEmailKind, Audience, NoticeKind
from providers.email.interface import Email
from runtime.booking_links import BookingLinks
from runtime.keyring import KeyRing
from runtime.links import Links
from runtime.message_links import MessageLinks

LANGUAGES = ("ja", "en")
URL = "https://omotenashi.example"
SUPPORT = "support@omotenashi.example"
_LINKS = Links(KeyRing("preview", {"preview": b"a key that signs nothing else"}))
#: A drawing in place of the logo, because the example has no storage.
_LOGO = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 48 48'%3E%3Ccircle cx='24' cy='24' "
    "r='22' fill='%237a3b69'/%3E%3Ctext x='24' y='32' font-size='22' text-anchor='middle' fill='white'%3E花"
    "%3C/text%3E%3C/svg%3E"
)
_LOOK = {"colour": "#7a3b69", "has_logo": True}


def messages() -> Iterator[tuple[str, str, Email]]:
    """Name, language and message, of every kind to everybody who gets it."""
    for kind in NoticeKind:
        for audience in _audiences(kind):
            for language in LANGUAGES:
                content = booking_message(kind, language, audience, **_LOOK)
                yield f"{audience}-{kind}", language, compose(content, NOW, BookingLinks(_LINKS, URL))
    for email_kind in AccountEmailKind:
        for language in LANGUAGES:
            about = account_message(email_kind, language, **_LOOK)
            yield f"account-{email_kind}", language, compose_account_email(about, _LINKS, URL, SUPPORT)


def _audiences(kind: NoticeKind) -> Iterator[Audience]:
    if kind not in TO_BUSINESS_ALONE:
        yield "customer"
    if kind in TO_BUSINESS:
        yield "business"


def write(folder: Path) -> Path:
    """Write all pages; returns the one to open."""
    folder.mkdir(parents=True, exist_ok=True)
    logo = MessageLinks(_LINKS, URL).logo(BUSINESS_ID)
    rows: dict[str, dict[str, Email]] = {}
    for name, language, email in messages():
        rows.setdefault(name, {})[language] = email
        (folder / f"{name}.{language}.html").write_text(email.html.replace(logo, _LOGO), encoding="utf-8")
        (folder / f"{name}.{language}.txt").write_text(email.text, encoding="utf-8")
    templates = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined)
    index = folder / "index.html"
    index.write_text(templates.get_template("index.html.j2").render(rows=rows, languages=LANGUAGES), encoding="utf-8")
    return index
