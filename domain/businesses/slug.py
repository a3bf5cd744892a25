"""The readable part of a business's address."""

import re
import unicodedata
from collections.abc import Mapping

from domain.businesses.kana import romanised
from domain.errors import InvalidInput

MAX_LENGTH = 60
#: Room for the short id that tells two of one name apart.
_ROOM = 7
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,58})[a-z0-9]")
_OTHER = re.compile(r"[^a-z0-9]+")
_APOSTROPHE = re.compile(r"['\u2019]")
_JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff々]")
#: How the readings of cities, wards, towns and villages end.
_KIND_OF_PLACE = re.compile(r"(?:shi|ku|cho|machi|mura|son)$")


def check_slug(slug: str) -> str:
    """Three to sixty of ``a-z``, ``0-9`` and inner hyphens. Raises ``InvalidInput``."""
    if not _SLUG.fullmatch(slug) or "--" in slug:
        raise InvalidInput.at("slug", "three_to_sixty_of_a_z_0_9_hyphen")
    return slug


def slug_from(name: Mapping[str, str]) -> str | None:
    """A slug from the English name, else from the Japanese one where it is kana (and Latin letters); None for a name
    with kanji: how it is read, nobody but its owner knows."""
    english, japanese = name.get("en", ""), name.get("ja", "")
    readings = [_plain(english)]
    romaji = romanised(japanese)
    if not _JAPANESE.search(romaji):
        readings.append(_plain(romaji))
    return next((slug for slug in readings if len(slug) >= 3), None)


def slug_of_place(vertical: str, city_kana: str | None) -> str:
    """What a business is called whose name cannot be read: ``salon-shibuya``, or its kind alone."""
    place = _KIND_OF_PLACE.sub("", _plain(romanised(city_kana))) if city_kana else ""
    return f"{vertical}-{place}"[: MAX_LENGTH - _ROOM].strip("-")


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", _APOSTROPHE.sub("", text)).encode("ascii", "ignore").decode().lower()
    return _OTHER.sub("-", letters).strip("-")[: MAX_LENGTH - _ROOM].strip("-")
