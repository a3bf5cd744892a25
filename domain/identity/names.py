"""Which texts may be a person's name. Pure rules."""

import re
import unicodedata

#: Characters that are displayed as nothing: the Hangul fillers and the empty Braille pattern. Unicode calls them
#: letters or symbols, so their category is not enough.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")
#: The sign of a long vowel, which is typed for a hyphen in phone numbers ("090ー1234ー5678"). It is a letter.
_LONG_SOUND = "\u30fc\uff70"
#: Unicode categories of characters that are invisible alone.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp", "Mn", "Me"})
_URL = re.compile(r"://|\bwww\.", re.IGNORECASE)
#: What mail programs turn into a link: words joined by a dot, the last of them only ASCII letters.
_DOMAIN = re.compile(r"([^\s./@,;:]+)\.([A-Za-z]{2,})")
#: Browsers read these as a dot in a domain (Unicode Technical Standard #46, section 2.3). NFKC folds the others.
_DOTS = str.maketrans("\u3002\uff61", "..")


def looks_empty(text: str) -> bool:
    """Whether nothing of it is visible: only blanks, joiners, soft hyphens and similar. Inside a name such characters
    are allowed: Persian and Sinhala use joiners, and so do emoji of families."""
    return all(sign in _BLANK or unicodedata.category(sign) in _UNSEEN for sign in text)


def is_number(text: str) -> bool:
    """Whether it is made of digits and punctuation alone, as a phone number is, in any script. A name has a letter."""
    seen = unicodedata.normalize("NFKC", text)
    signs = [sign for sign in seen if unicodedata.category(sign) not in _UNSEEN and sign not in _LONG_SOUND]
    return any(sign.isdigit() for sign in signs) and all(unicodedata.category(sign)[0] in "NPS" for sign in signs)


def contains_link(text: str) -> bool:
    """Whether mail programs may turn it into a link. Names are sent in messages, and nobody may send links in our name.

    Initials are not a link ("J.Smith", "J. R. Tanaka"); a domain of one letter is ("t.co").
    """
    seen = _seen(text)
    if _URL.search(seen):
        return True
    return any(_is_domain(label, end) for label, end in _DOMAIN.findall(seen))


#: Ends of domains that are common in links, beside every end of two letters (a country's).
_COMMON_ENDS = frozenset(
    (
        *("com", "net", "org", "info", "biz", "name", "mobi", "asia", "online", "site", "website", "shop", "store"),
        *("app", "dev", "page", "link", "click", "live", "club", "blog", "cloud", "space", "world", "life", "top"),
        *("xyz", "icu", "vip", "pro", "win", "bid", "fun", "tokyo", "osaka", "kyoto", "nagoya", "yokohama", "okinawa"),
        *("salon", "beauty", "spa", "hair", "cafe", "bar", "restaurant", "clinic", "fitness", "bank", "support"),
        *("email", "help", "work", "works", "today", "media", "digital", "agency", "group", "social", "chat", "zip"),
    )
)


def holds_web_address(text: str) -> bool:
    """As :func:`contains_link`, for the names of businesses, services and things, which may have dots ("SG.Nail.Lab"):
    only what ends like the domains that mail programs know is a link."""
    seen = _seen(text)
    if _URL.search(seen):
        return True
    found = _DOMAIN.findall(seen)
    return any(len(label) > 1 and (len(end) == 2 or end.lower() in _COMMON_ENDS) for label, end in found)


def _seen(text: str) -> str:
    """The text as it is read: one form of each sign, without those that nobody sees."""
    seen = unicodedata.normalize("NFKC", "".join(sign for sign in text if unicodedata.category(sign) != "Cf"))
    return seen.translate(_DOTS)


def _is_domain(label: str, end: str) -> bool:
    return len(label) > 1 or (len(end) <= 3 and (end.islower() or end.isupper()))
