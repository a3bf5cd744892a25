"""Postal codes and prefectures of Japan."""

import re
import unicodedata
from enum import StrEnum

from domain.errors import InvalidInput

_POSTAL_CODE = re.compile(r"〒?\s*([0-9]{3})[-‐−–—ー]?([0-9]{4})")


class Prefecture(StrEnum):
    """The 47 in the order of JIS X 0401: the first has the code 01, the last 47."""

    HOKKAIDO = "北海道"
    AOMORI = "青森県"
    IWATE = "岩手県"
    MIYAGI = "宮城県"
    AKITA = "秋田県"
    YAMAGATA = "山形県"
    FUKUSHIMA = "福島県"
    IBARAKI = "茨城県"
    TOCHIGI = "栃木県"
    GUNMA = "群馬県"
    SAITAMA = "埼玉県"
    CHIBA = "千葉県"
    TOKYO = "東京都"
    KANAGAWA = "神奈川県"
    NIIGATA = "新潟県"
    TOYAMA = "富山県"
    ISHIKAWA = "石川県"
    FUKUI = "福井県"
    YAMANASHI = "山梨県"
    NAGANO = "長野県"
    GIFU = "岐阜県"
    SHIZUOKA = "静岡県"
    AICHI = "愛知県"
    MIE = "三重県"
    SHIGA = "滋賀県"
    KYOTO = "京都府"
    OSAKA = "大阪府"
    HYOGO = "兵庫県"
    NARA = "奈良県"
    WAKAYAMA = "和歌山県"
    TOTTORI = "鳥取県"
    SHIMANE = "島根県"
    OKAYAMA = "岡山県"
    HIROSHIMA = "広島県"
    YAMAGUCHI = "山口県"
    TOKUSHIMA = "徳島県"
    KAGAWA = "香川県"
    EHIME = "愛媛県"
    KOCHI = "高知県"
    FUKUOKA = "福岡県"
    SAGA = "佐賀県"
    NAGASAKI = "長崎県"
    KUMAMOTO = "熊本県"
    OITA = "大分県"
    MIYAZAKI = "宮崎県"
    KAGOSHIMA = "鹿児島県"
    OKINAWA = "沖縄県"

    @property
    def code(self) -> str:
        """Two digits, JIS X 0401."""
        return f"{list(Prefecture).index(self) + 1:02d}"

    @property
    def english(self) -> str:
        """``Tokyo``."""
        return self.name.capitalize()


def _names() -> dict[str, Prefecture]:
    known: dict[str, Prefecture] = {}
    for one in Prefecture:
        # 北海道 has no short form.
        short = one.value if one is Prefecture.HOKKAIDO else one.value[:-1]
        known |= dict.fromkeys((one.value, short, one.english.lower(), one.code), one)
    return known


_KNOWN = _names()


def read_prefecture(text: str) -> Prefecture:
    """By its Japanese name with or without 都道府県, its English one, or its code. Raises ``InvalidInput``."""
    found = _KNOWN.get(unicodedata.normalize("NFKC", text).strip().lower())
    if found is None:
        raise InvalidInput.at("prefecture", "prefecture")
    return found


def read_postal_code(text: str) -> str:
    """``150-0001`` of seven digits, written wide or narrow, with 〒 and hyphen or without. Raises ``InvalidInput``."""
    found = _POSTAL_CODE.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if found is None:
        raise InvalidInput.at("postal_code", "seven_digits")
    return f"{found[1]}-{found[2]}"
