"""Search terms for businesses, in the normal form in which names and texts are compared.

Postgres brings stored texts into the same form (`domain.kana.search_form`) and cuts them into the same pieces
(``search_grams``); a test holds the two to each other.
"""

from domain.businesses.address import Prefecture
from domain.errors import InvalidInput
from domain.kana import search_form

MAX_TERMS = 5
#: 東京都 contains 京都, so prefectures are stored and searched without their last character.
_PREFECTURES = {one.value: one.value[:-1] for one in Prefecture if one is not Prefecture.HOKKAIDO}


def terms_of(text: str) -> list[str]:
    """The words of a search, at most five; each must be found. Raises ``InvalidInput`` if there is none."""
    terms = list(dict.fromkeys(_PREFECTURES.get(term, term) for term in search_form(text).split()))
    if not terms:
        raise InvalidInput.at("q", "not_empty")
    if len(terms) > MAX_TERMS:
        raise InvalidInput.at("q", "at_most_five_words")
    return terms


def grams_of(term: str) -> list[str]:
    """The pairs of characters that every text with this term contains; a single character is returned as it is."""
    return sorted({term[i : i + 2] for i in range(max(len(term) - 1, 1))})
