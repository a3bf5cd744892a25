"""The slug of a business: the readable part of its URL."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from domain.errors import InvalidInput
from domain.kana import romanised

MAX_LENGTH = 60
#: Space for the short id that distinguishes two businesses with the same name.
_ROOM = 7
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,58})[a-z0-9]")
_OTHER = re.compile(r"[^a-z0-9]+")
_APOSTROPHE = re.compile(r"['\u2019]")
_JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff々]")
#: Endings of the readings of cities, wards, towns and villages.
_KIND_OF_PLACE = re.compile(r"(?:shi|ku|cho|machi|mura|son)$")

#: Paths of the platform's website.
_PATHS = """
    account accounts admin analytics api app apps assets audit auth automations availability avatar billing blocks
    blog book booking bookings business businesses calendar calendars callback campaigns cancel-two-factor-reset
    careers cart catalogue categories category checkout city company confirm console contact cookies customer
    customers dashboard data-export developer developers dining directory discover docs download downloads embed
    error errors events explore export faq favicon feature-flags features feed feedback feeds files filter
    forgot-password gift gifts guest guests guide guides health help home hooks images img import index install
    integrations invitation invitations invite invoices jobs join landing language languages legal licenses link
    links list live location locations log-in log-out login logout m manifest map maps media member members menu
    message messages metrics mobile near nearby new news newsletter notifications oauth offers offline onboarding
    openapi order orders owner owners page pages partner partners password pay payment payment-accounts payments
    payouts plans policies policy postal-codes prefecture prefectures press preview pricing privacy privacy-policy
    profile promo promotions public receipt receipts refund refunds register reports reservation reservations
    reset-password resources review reviews robots rss salons schedule schedules search security service services
    session sessions settings shop sign-in sign-out sign-up signin signout signup site sitemap sitemap-xml sitemaps
    spas staff static store styles sub subscribe subscription subscriptions support tag tags team terms
    terms-of-service ticket tickets till tills token tokens tokushoho tokutei-shotorihiki tour trial two-factor
    unsubscribe upload uploads user users vendor venue-payments verify verify-email version waitlist wallet webhook
    webhooks welcome well-known widget widgets
"""
#: Names of hosts and mailboxes.
_HOSTS = """
    abuse administrator admins autoconfig autodiscover cdn dev dns email ftp host hostmaster http https imap info
    localhost mail mailer mx no-reply noreply ns1 ns2 pop pop3 postmaster root server smtp ssl staging status
    sysadmin system test testing webmail webmaster wpad www www1 www2
"""
#: The platform's own names, and the kinds of businesses, which have pages of their own.
_OWN = """
    barber clinic fitness moderator official omotenashi omotenashi-connect operator operators platform restaurant
    push-worker salon spa
"""
#: What programs write for a missing value.
_NO_VALUES = """
    false nan nil none null true undefined unknown
"""
#: Words that a slug must not be: paths of the website, now or later, because the pages of businesses have the same
#: root; host names; and names that customers would take for the platform's own.
RESERVED = frozenset(" ".join((_PATHS, _HOSTS, _OWN, _NO_VALUES)).split())


def check_slug(slug: str) -> str:
    """Three to sixty of ``a-z``, ``0-9`` and inner hyphens, and no reserved word. Raises ``InvalidInput``."""
    if not _SLUG.fullmatch(slug) or "--" in slug:
        raise InvalidInput.at("slug", "three_to_sixty_of_a_z_0_9_hyphen")
    if slug in RESERVED:
        raise InvalidInput.at("slug", "reserved")
    return slug


def slug_from(name: Mapping[str, str]) -> str | None:
    """A slug from the English name, else from a Japanese name in kana (and Latin script). None for a name with kanji,
    whose reading only the owner knows, and for a reserved word."""
    english, japanese = name.get("en", ""), name.get("ja", "")
    readings = [_plain(english)]
    romaji = romanised(japanese)
    if not _JAPANESE.search(romaji):
        readings.append(_plain(romaji))
    return next((slug for slug in readings if len(slug) >= 3 and slug not in RESERVED), None)


def slug_of_place(vertical: str, city_kana: str | None) -> str:
    """For a business without a readable name: ``salon-shibuya``, or only its kind. The caller adds a suffix to make it
    unique."""
    place = _KIND_OF_PLACE.sub("", _plain(romanised(city_kana))) if city_kana else ""
    return f"{vertical}-{place}"[: MAX_LENGTH - _ROOM].strip("-")


def slugs_to_try(
    given: str | None, name: Mapping[str, str], vertical: str, city_kana: str | None, suffixes: Iterable[str]
) -> Iterator[str]:
    """The slugs of a new business, the best first, until one is free. A slug that the owner gave is the only one.
    ``suffixes``: random letters and digits, six at most."""
    if given:
        yield given
        return
    readable = slug_from(name)
    if readable is not None:
        yield readable
    stem = readable or slug_of_place(vertical, city_kana)
    yield from (f"{stem}-{suffix}" for suffix in suffixes)


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", _APOSTROPHE.sub("", text)).encode("ascii", "ignore").decode().lower()
    return _OTHER.sub("-", letters).strip("-")[: MAX_LENGTH - _ROOM].strip("-")
