"""Japanese text in the form that it is compared in, and kana in Latin script: Hepburn as in passports, where a long
vowel is written once (おおさか is osaka)."""

import re
import unicodedata

_ROWS = {
    "": "あ い う え お",
    "k": "か き く け こ",
    "s": "さ し す せ そ",
    "t": "た ち つ て と",
    "n": "な に ぬ ね の",
    "h": "は ひ ふ へ ほ",
    "m": "ま み む め も",
    "r": "ら り る れ ろ",
    "g": "が ぎ ぐ げ ご",
    "z": "ざ じ ず ぜ ぞ",
    "d": "だ ぢ づ で ど",
    "b": "ば び ぶ べ ぼ",
    "p": "ぱ ぴ ぷ ぺ ぽ",
}
_IRREGULAR = {"し": "shi", "ち": "chi", "つ": "tsu", "ふ": "fu", "じ": "ji", "ぢ": "ji", "づ": "zu"}
_SINGLE = {
    **{
        kana: consonant + vowel
        for consonant, row in _ROWS.items()
        for kana, vowel in zip(row.split(), "aiueo", strict=True)
    },
    **_IRREGULAR,
    **{"や": "ya", "ゆ": "yu", "よ": "yo", "わ": "wa", "ゐ": "i", "ゑ": "e", "を": "o", "ん": "n", "ゔ": "vu"},
    **{"ぁ": "a", "ぃ": "i", "ぅ": "u", "ぇ": "e", "ぉ": "o", "ゃ": "ya", "ゅ": "yu", "ょ": "yo"},
}
_SMALL = {"ゃ": "ya", "ゅ": "yu", "ょ": "yo", "ぁ": "a", "ぃ": "i", "ぅ": "u", "ぇ": "e", "ぉ": "o"}
_KATAKANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}


def to_hiragana(text: str) -> str:
    """Katakana as hiragana; the rest stays."""
    return text.translate(_KATAKANA)


def search_form(text: str) -> str:
    """Full width becomes half width, upper case lower case, katakana hiragana: ＣＵＴ is cut, ヘア is へあ.

    The SQL function of this name does the same; a test holds the two to each other.
    """
    return to_hiragana(unicodedata.normalize("NFKC", text).lower())


def romanised(text: str) -> str:
    """The text with its kana in lower-case Latin script; every other character stays."""
    kana = to_hiragana(unicodedata.normalize("NFKC", text))
    written, doubled = "", False
    for position, one in enumerate(kana):
        if one == "っ":
            doubled = True
        elif one in _SMALL and position and written and kana[position - 1] in _SINGLE:
            written = _joined(written, one)
        elif one in _SINGLE:
            sound = _SINGLE[one]
            written += ("t" if sound.startswith("ch") else sound[0]) + sound if doubled else sound
            doubled = False
        elif one != "ー":
            written, doubled = written + one, False
    # n before b, m, p is m in passports; a long vowel is written once.
    return re.sub(r"uu", "u", re.sub(r"o[ou]", "o", re.sub(r"n(?=[bmp])", "m", written)))


def _joined(written: str, small: str) -> str:
    """きゃ is kya, しゃ is sha, ふぁ is fa: the small kana replaces the vowel before it."""
    stem, vowel = written[:-1], _SMALL[small]
    if vowel.startswith("y") and stem.endswith(("sh", "ch", "j")):
        vowel = vowel[1:]
    return stem + vowel
