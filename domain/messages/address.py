"""How a message writes an address in Japan, in Japanese and in English."""

import re
from dataclasses import dataclass

from domain.kana import romanised

#: Endings of municipality names, their reading, and their form in English addresses.
_SUFFIXES = {
    "区": (("ク", "ku"),),
    "市": (("シ", "shi"),),
    "町": (("チョウ", "cho"), ("マチ", "machi")),
    "村": (("ソン", "son"), ("ムラ", "mura")),
}
_SMALL = ("ャ", "ュ", "ョ")
_INNER = re.compile(r"(?<=.)[市郡](?=.)")


def latin_city(city: str, kana: str) -> str | None:
    """``渋谷区`` with the kana ``シブヤク`` is ``Shibuya-ku``, ``大阪市中央区`` is ``Chuo-ku, Osaka-shi``.

    None if the end of the city's name cannot be found in the kana.
    """
    inner = _INNER.search(city)
    if inner is None:
        return _latin_part(city, kana)
    reading = "シ" if inner[0] == "市" else "グン"
    ends = [
        found.end() for found in re.finditer(reading, kana) if found.start() and kana[found.end() :][:1] not in _SMALL
    ]
    if len(ends) != 1:
        return None
    district = _latin_part(city[inner.end() :], kana[ends[0] :])
    whole = f"{romanised(kana[: ends[0] - len(reading)]).capitalize()}-{'shi' if reading == 'シ' else 'gun'}"
    return f"{district}, {whole}" if district else None


def _latin_part(name: str, kana: str) -> str | None:
    for reading, latin in _SUFFIXES.get(name[-1:], ()):
        if kana.endswith(reading) and len(kana) > len(reading):
            return f"{romanised(kana.removesuffix(reading)).capitalize()}-{latin}"
    return None


@dataclass(frozen=True, slots=True)
class Address:
    """The known parts of an address, each in the reader's language; an unknown part is empty."""

    street: str = ""
    city: str = ""
    prefecture: str = ""
    postal_code: str = ""

    def in_japanese(self) -> str:
        """``〒150-0001 東京都渋谷区神宮前4丁目99-1 花ビル2階``. A typed city is not repeated."""
        place = self.street
        wider = tuple(part for part in (self.city, self.prefecture) if part)
        if self.city and not place.startswith(wider):
            place = self.city + place
        if self.prefecture and not place.startswith(self.prefecture):
            place = self.prefecture + place
        return f"〒{self.postal_code} {place}" if self.postal_code and place else place

    def in_english(self) -> str:
        """``2F Hana Bldg., 4-99-1 Jingumae, Shibuya-ku, Tokyo 150-0001``."""
        parts = [self.street]
        known = self.street.casefold()
        for wider in (self.city, self.prefecture):
            if wider and not re.search(rf"\b{re.escape(wider.casefold())}\b", known):
                parts.append(wider)
        place = ", ".join(part for part in parts if part)
        return f"{place} {self.postal_code}" if self.postal_code and place else place
