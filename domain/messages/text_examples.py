"""A business's own text with example data, as its owner sees it before it is stored."""

from collections.abc import Mapping

from domain.messages.kinds import NoticeKind
from domain.messages.texts import OwnText, check_text, filled, paragraphs_of

#: One value for each variable that a text may name.
EXAMPLES: Mapping[str, Mapping[str, str]] = {
    "ja": {
        "business": "ヘアサロン花",
        "customer": "佐藤 愛",
        "service": "カット",
        "staff": "美咲",
        "start": "2026年11月21日（土）14:00",
        "short": "11月21日（土）14:00",
        "old_start": "2026年11月20日（金）10:30",
        "price": "5,000円",
        "fee_now": "2,500円",
        "free_until": "11月19日（木）14:00",
    },
    "en": {
        "business": "Hair Salon Hana",
        "customer": "Ai Sato",
        "service": "Cut",
        "staff": "Misaki",
        "start": "Sat 21 Nov 2026, 14:00 (Japan time)",
        "short": "Sat 21 Nov, 14:00",
        "old_start": "Fri 20 Nov 2026, 10:30 (Japan time)",
        "price": "¥5,000",
        "fee_now": "¥2,500",
        "free_until": "Thu 19 Nov, 14:00",
    },
}
#: What stands where the platform's own text comes.
_MARK: Mapping[str, str] = {"ja": "（標準の本文）", "en": "(standard text)"}


def preview(kind: NoticeKind, language: str, text: OwnText) -> tuple[str, list[str]]:
    """The subject and the paragraphs. Raises InvalidInput as `check_text` does."""
    check_text(kind, text)
    values = EXAMPLES[language]
    return filled(text.subject, values), paragraphs_of(text, values, [_MARK[language]])
