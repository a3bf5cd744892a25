"""What may be a person's name. Pure."""

import re
import unicodedata

#: Letters that are drawn as nothing: the Hangul fillers and the empty Braille pattern. Unicode calls them letters or
#: symbols, so their category is not enough.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")
#: Categories of signs that nobody sees by themselves.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp", "Mn", "Me"})
_URL = re.compile(r"://|\bwww\.", re.IGNORECASE)
#: What mail programs turn into a link: words joined by a dot, the last of them of ASCII letters alone.
_DOMAIN = re.compile(r"([^\s./@,;:]+)\.([A-Za-z]{2,})")


def looks_empty(text: str) -> bool:
    """Nothing of it can be seen: blanks, joiners, soft hyphens and the like alone. Inside a name they may stand:
    Persian and Sinhala are written with joiners, and so are emoji of families."""
    return all(sign in _BLANK or unicodedata.category(sign) in _UNSEEN for sign in text)


def holds_link(text: str) -> bool:
    """Mail programs may make a link of it. Names go out in messages, and nobody must send links in our name.

    Initials are no link ("J.Smith", "J. R. Tanaka"), a domain of one letter is ("t.co").
    """
    seen = unicodedata.normalize("NFKC", "".join(sign for sign in text if unicodedata.category(sign) != "Cf"))
    if _URL.search(seen):
        return True
    return any(_is_domain(label, end) for label, end in _DOMAIN.findall(seen))


def _is_domain(label: str, end: str) -> bool:
    return len(label) > 1 or (len(end) <= 3 and (end.islower() or end.isupper()))
