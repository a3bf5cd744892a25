"""Every text of every message keeps the rules of style: plain English and natural Japanese."""

import re
from pathlib import Path

import pytest

from domain.messages.kinds import NoticeKind
from tests.activities.templates import accounts
from tests.activities.templates.cases import CASES
from tests.activities.templates.contents import LANGUAGES, written
from tests.support.cases import for_each

ROOT = Path(__file__).parents[3] / "activities" / "templates"
TEMPLATES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("*/*/*.j2"))
MAILS = {
    **{f"{language}/{case.name}": written(case, language) for case in CASES for language in LANGUAGES},
    **{
        f"{language}/account_{case.name}": accounts.written(case, language)
        for case in accounts.CASES
        for language in LANGUAGES
    },
}
JAPANESE = [name for name in MAILS if name.startswith("ja/")]
ENGLISH = [name for name in MAILS if name.startswith("en/")]
TO_CUSTOMERS = [name for name in JAPANESE if "/business_" not in name and "/account_" not in name]


def prose(name: str) -> str:
    """The subject and the paragraphs, without the rows of facts and the addresses of links."""
    email = MAILS[name]
    text = email.text.partition("-" * 40)[0]
    return email.subject + "\n" + "\n".join(line for line in text.splitlines() if "://" not in line)


#: Stiff, doubled, or not written in kana where it should be.
_STIFF = r"誠に|！|この度|下さい|致し|頂[きけくいた]|ご了承|くださいますよう|お願い申し上げ|平素|仮押さえ|与信"


@for_each("name", JAPANESE)
def test_japanese_is_warm_and_short(name: str) -> None:
    text = prose(name)
    assert not re.search(_STIFF, text)
    assert text.count("申し訳ございません") <= 1
    for sentence in re.split(r"[。\n]", text):
        assert len(re.findall(r"いたし|いただ|させていただ", sentence)) <= 2, sentence
    assert text.partition("\n")[2].count("ありがとうございま") <= 1


@for_each("name", JAPANESE)
def test_japanese_has_full_width_signs_and_half_width_digits(name: str) -> None:
    text = re.sub(r"Firefox \(Windows\)|https?://\S+", "", MAILS[name].text)
    assert not re.search(r"[ぁ-んァ-ヶ一-龠] ?[(),;!?]|[(),;!?] ?[ぁ-んァ-ヶ一-龠]", text)
    assert not re.search(r"[０-９Ａ-Ｚａ-ｚ]", text)


@for_each("name", TO_CUSTOMERS)
def test_business_writes_to_its_customers_as_itself(name: str) -> None:
    assert not re.search(r"店舗|当店|来店|ご来院|担当者", prose(name))


@pytest.mark.parametrize("name", [name for name in JAPANESE if "/business_" in name])
def test_owners_read_plain_words_about_their_own_things(name: str) -> None:
    assert not re.search(r"ご予約|お予約|ご返金|ご担当者|いたしました", prose(name))


@for_each("name", ENGLISH)
def test_english_is_plain(name: str) -> None:
    text = prose(name)
    riddles = (
        r"\bstands?\b|is over|good (until|for) |taken (back)|turned away|no such thing|some(body)|\bane(w)\b"
        r"|\bhold\b(?! ¥| on| the)"
    )
    assert not re.search(riddles, text), text
    assert not re.search(r"Dear customer|Dear team|in full|!|\bdo not hesitate\b|kindly", text)
    assert not re.search(r"\b(\w+) \1\b", text), "a doubled word"
    longest = max(re.split(r"[.!?:\n]", text), key=len)
    assert len(longest.split()) <= 36, longest


@for_each("name", MAILS)
def test_amounts_stand_in_place_of_everything(name: str) -> None:
    assert not re.search(r"全額|in full|everything (that )?(was|you) paid", MAILS[name].text)


@for_each("name", MAILS)
def test_texts_never_say_that_nobody_was_charged(name: str) -> None:
    """Whether a card was charged is for the amounts to say."""
    assert not re.search(r"料金はいただいて|not been charged|are not charged", MAILS[name].text)


@for_each("name", TEMPLATES)
def test_text_is_there_in_both_languages(name: str) -> None:
    language, _, rest = name.partition("/")
    assert (ROOT / ("en" if language == "ja" else "ja") / rest).is_file()


def test_customers_have_a_text_of_every_kind() -> None:
    for language in LANGUAGES:
        assert {path.stem for path in (ROOT / language / "customer").glob("*.j2")} == {
            kind.value
            for kind in NoticeKind
            if kind is not NoticeKind.REVIEW_POSTED  # to the business alone
        }
