"""Search for customers by name, kana, phone number and e-mail address.

Postgres brings stored records into the same form (``customer_form``) and cuts them into the same pieces
(``customer_pieces``); a test holds the two to each other. `docs/decisions/0023-search-for-customers.md` says why.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from domain.errors import InvalidInput
from domain.kana import search_form

MAX_TERMS = 5
#: Characters of family names that are written in two ways, in which the same person may be recorded. Most are old forms
#: (kyujitai) of the joyo kanji table; 髙, 﨑 and 𠮷 are common in the family register.
_VARIANTS = "髙﨑濵濱邊邉齋齊澤廣德瀨冨嶋嶌國櫻眞惠榮學龍條淺槇𠮷"
_COMMON = "高崎浜浜辺辺斎斉沢広徳瀬富島島国桜真恵栄学竜条浅槙吉"
_SAME = str.maketrans(_VARIANTS, _COMMON)
#: Variation selectors and characters without width: they are not seen, so nobody can type them in a search.
_INVISIBLE = re.compile("[\u200b-\u200d\u2060\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]")
#: Between the parts of a foreign name: ジョン・スミス.
_SEPARATORS = re.compile(r"[\s・=]+")
_PHONE = re.compile(r"\+?[0-9(][0-9 ()./‐-―−ーｰ-]*")
_NOT_DIGITS = re.compile(r"[^0-9]")
_JAPAN = re.compile(r"^\+81[^0-9]*0?[^0-9]*")
#: Digits from which on a text of digits and hyphens is read as a phone number.
_LEAST_DIGITS = 3


@dataclass(frozen=True, slots=True)
class CustomerSearch:
    """``needles``: texts that must all be in the stored form of a record; one that begins with a blank is the beginning
    of a word. ``pieces``: what the index must have of a record that contains them."""

    needles: tuple[str, ...]
    pieces: tuple[str, ...]


def customer_form(text: str) -> str:
    """The form in which names are compared: as `domain.kana.search_form`, without invisible characters, each kanji in
    its common form, words parted by single blanks."""
    visible = _INVISIBLE.sub("", search_form(text).translate(_SAME))
    return _SEPARATORS.sub(" ", visible).strip()


def phone_digits(text: str) -> str:
    """The digits of a phone number as it is dialled in Japan: +81 90… and 090… are the same. A number of another
    country keeps its country code."""
    return _NOT_DIGITS.sub("", _JAPAN.sub("0", search_form(text).strip()))


def pieces_of(form: str) -> set[str]:
    """What the index has of a text: single characters and pairs of Japanese, triples of ASCII characters, and the first
    one and two of each ASCII word after its blank."""
    return set(_pieces(form))


def _pieces(form: str) -> Iterator[str]:
    for i, first in enumerate(form):
        pair, triple = form[i : i + 2], form[i : i + 3]
        if not first.isascii():
            yield first
        if len(pair) == 2 and pair[1] != " " and (pair[1].isascii() if first == " " else not pair.isascii()):
            yield pair
        if len(triple) == 3 and " " not in triple[1:] and triple.isascii():
            yield triple


def read_search(text: str) -> CustomerSearch:
    """What a person typed. A text of digits is a phone number, whatever stands between them; other words must all be
    found, in any order. Raises InvalidInput for a text without a word and for more than five."""
    needles = list(dict.fromkeys(_needle(term) for term in _terms(text)))
    if not needles:
        raise InvalidInput.at("q", "not_empty")
    if len(needles) > MAX_TERMS:
        raise InvalidInput.at("q", "at_most_five_words")
    pieces = sorted({piece for needle in needles for piece in _index_pieces(needle)})
    return CustomerSearch(tuple(needles), tuple(pieces))


def _terms(text: str) -> list[str]:
    if _is_phone(whole := search_form(text).strip()):
        return [phone_digits(whole)]
    words = (phone_digits(word) if _is_phone(word) else customer_form(word) for word in whole.split())
    return [term for word in words for term in word.split()]


def _is_phone(word: str) -> bool:
    return bool(_PHONE.fullmatch(word)) and len(phone_digits(word)) >= _LEAST_DIGITS


def _needle(term: str) -> str:
    """One or two Latin letters are in half of all records, so they are the beginning of a word."""
    return f" {term}" if term.isascii() and len(term) < 3 else term


def _index_pieces(needle: str) -> set[str]:
    """The pieces that make a search fast. The domain of an e-mail address is in too many records to help, and a single
    character is part of a pair."""
    name, at, _ = needle.partition("@")
    pieces = pieces_of(f"{name}{at}" if len(name) > 2 else needle)
    return {piece for piece in pieces if len(piece) > 1} or pieces
