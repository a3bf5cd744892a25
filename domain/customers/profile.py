"""What a record of a customer holds, and how its texts are stored."""

import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum

MAX_TAGS = 30
MAX_TAG_LENGTH = 40
MAX_PREFERENCES = 30
#: Hiragana, katakana, the long vowel, and what stands between the parts of a foreign name.
_KANA = re.compile(r"[ぁ-ゖァ-ヺーヽヾゝゞ・ ]+")
_HIRAGANA = {code: code + 0x60 for code in range(ord("ぁ"), ord("ゖ") + 1)}


class CustomerOrder(StrEnum):
    """The order of a list of customers."""

    NEWEST = "newest"
    KANA = "kana"  # by the reading of the name


def read_kana(text: str) -> str | None:
    """Kana as it is stored, full-width katakana: ﾔﾏﾀﾞ and やまだ are ヤマダ. None if it is no kana."""
    full = unicodedata.normalize("NFKC", text).translate(_HIRAGANA).strip()
    return full if _KANA.fullmatch(full) else None


def normal_tag(text: str) -> str:
    """A tag as it is stored and compared: full width becomes half width, blanks at its ends go."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def normal_tags(texts: Iterable[str]) -> list[str]:
    """Each tag once, in the order given, without empty ones."""
    return list(dict.fromkeys(tag for text in texts if (tag := normal_tag(text))))
