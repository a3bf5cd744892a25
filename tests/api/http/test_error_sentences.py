"""What people read when something is refused: every code, cause and rule has its sentence in both languages."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from enum import StrEnum
from string import Formatter
from typing import Any, get_args

import pytest
from pydantic_core.core_schema import ErrorType

import domain
from api.http.envelope import SuccessMessage
from api.http.error_sentences import field_message, sentence, title, with_field_messages
from api.http.error_texts import BY_CAUSE, MEANINGS, MISSING, RULES, STATES, WITH_VALUES
from api.http.request_info import Language
from api.http.texts.shared import METHOD_NOT_ALLOWED
from api.http.texts.shared_rules import ANY_FIELD
from api.http.texts.text import Text
from domain.businesses.profile import Vertical
from domain.marketing.campaigns import SenderFacts, check_sender
from domain.marketing.errors import SenderIncomplete
from domain.onboarding.verification import DocumentKind, ReviewFacts, missing
from tests.support.cases import for_each

JA, EN = Language.JA, Language.EN


def all_texts() -> dict[str, Text]:
    """Every sentence that an answer can have, by where it stands."""
    return {
        **{f"code {code}": meaning.text for code, meaning in MEANINGS.items()},
        **{f"values {code}": text for code, text in WITH_VALUES.items()},
        **{f"cause {code} {cause}": text for (code, cause), text in BY_CAUSE.items()},
        **{f"rule {rule}": text for rule, text in RULES.items()},
        **{f"success {one.name}": Text(one.sentence(JA), one.sentence(EN)) for one in SuccessMessage},
        "field": ANY_FIELD,
    }


TEXTS = all_texts()
#: Only a program can cause these.
FOR_PROGRAMMERS = {"forged_webhook", METHOD_NOT_ALLOWED, "idempotency_key_required", "idempotency_key_reused"}
FOR_PEOPLE = {name: text for name, text in TEXTS.items() if name.partition(" ")[2] not in FOR_PROGRAMMERS}


def test_checks_of_every_input_have_a_sentence() -> None:
    for kind in get_args(ErrorType):
        assert field_message(kind, JA)
        assert "{" not in field_message(kind, EN)


def test_states_have_names_in_both_languages() -> None:
    for module in pkgutil.walk_packages(domain.__path__, "domain."):
        importlib.import_module(module.name)
    states = {
        value.value
        for enum in _subclasses(StrEnum)
        if enum.__name__.endswith("Status") and enum.__module__.startswith("domain.")
        for value in enum
    }
    assert states - set(STATES) == set()


def _subclasses(of: type) -> Iterator[Any]:
    for one in of.__subclasses__():
        yield one
        yield from _subclasses(one)


def test_missing_parts_of_an_application_have_names() -> None:
    nothing = ReviewFacts(Vertical.CLINIC, *[False] * 8, True, False, False, frozenset[DocumentKind]())
    advertiser = SenderFacts(has_address=False, has_contact=False, is_approved=True, status="approved")
    with pytest.raises(SenderIncomplete) as refused:
        check_sender(advertiser)
    assert {*missing(nothing), *refused.value.details["missing"]} == set(MISSING)


#: Names of code, and words that are not plain English.
_NOT_FOR_PEOPLE = re.compile(
    r"[a-z]+_[a-z]+|=true|\bnull\b|\bJSON\b|header|idempoten|\bstands?\b|is over|taken back|turned away|no such thing"
    r"|\bstrand|\bgood (until|for) ",
    re.IGNORECASE,
)


@for_each("name", FOR_PEOPLE)
def test_sentence_is_plain(name: str) -> None:
    text = FOR_PEOPLE[name]
    english = re.sub(r"\{\w+\}", "", text.en)
    japanese = re.sub(r"\{\w+\}", "", text.ja)
    assert not _NOT_FOR_PEOPLE.search(english), text.en
    assert not re.search(r"[a-z]+_[a-z]+|=true|ヘッダー", japanese), text.ja
    assert len(text.en) <= 160, text.en
    assert len(text.ja) <= 100, text.ja


@for_each("name", TEXTS)
def test_sentence_is_there_in_both_languages_with_the_same_values(name: str) -> None:
    text = TEXTS[name]
    assert re.search(r"[ぁ-んァ-ヶ一-龠]", text.ja)
    assert not re.search(r"[ぁ-んァ-ヶ一-龠]", text.en)
    assert _values(text.ja) == _values(text.en)


def _values(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@for_each("name", TEXTS)
def test_japanese_follows_the_copy_style(name: str) -> None:
    text = TEXTS[name].ja
    assert not re.search(r"誠に|！|この度|下さい|致し|頂[きけく]|ご了承|くださいますよう|当店|来店", text)
    assert not re.search(r"[,;()!?]", re.sub(r"https://", "", text)), "full-width signs"
    assert text.count("申し訳ございません") <= 1


@pytest.mark.parametrize(
    ("code", "details", "ja", "en"),
    [
        (
            "slot_taken",
            {"alternatives": ["2026-11-21T14:00:00+09:00", "2026-11-21T15:00:00+09:00"]},
            "ご希望の日時はすでに埋まっています。近い空き時間：11月21日（土）14:00、11月21日（土）15:00",
            "This time is no longer available. Nearest available times: Sat 21 Nov, 14:00; Sat 21 Nov, 15:00",
        ),
        (
            "slot_taken",
            {"alternatives": []},
            "ご希望の日時はすでに埋まっています。ほかの日時をお選びください。",
            "This time is no longer available. Please choose another one.",
        ),
        (
            "wrong_state",
            {"status": "cancelled", "wanted": "confirmed"},
            "現在の状態（キャンセル）では、この操作はできません。最新の内容をご確認ください。",
            'This is not possible while the status is "cancelled". Please check the latest details.',
        ),
        (
            "gone",
            {"hold_expires_at": "2026-11-21T14:00:00+09:00"},
            "お支払いの期限（11月21日（土）14:00）を過ぎたため、仮予約は取り消されました。"
            "空き時間をご確認のうえ、もう一度ご予約ください。",
            "The time to pay ended at Sat 21 Nov, 14:00, so the time is no longer reserved. Please book again.",
        ),
        (
            "gone",
            {"hold_expires_at": "2026-11-21T05:00:00+00:00"},  # whose clock that is, nobody knows
            "お支払いの期限を過ぎたため、仮予約は取り消されました。空き時間をご確認のうえ、もう一度ご予約ください。",
            "The time to pay has ended, so the time is no longer reserved. Please book again.",
        ),
        (
            "gone",
            {"reason": "link_used"},
            "このリンクは使用済みです。",
            "This link has already been used.",
        ),
        (
            "unauthenticated",
            {"reason": "invalid_link"},
            "リンクが正しくありません。予約メールのリンクをもう一度開いてください。",
            "This link is not valid. Please open the link in your booking e-mail again.",
        ),
        (
            "too_large",
            {"limit": 10 * 1024 * 1024},
            "ファイルまたは入力内容が大きすぎます（上限 10MB）。",
            "The file or text is too large (at most 10 MB).",
        ),
        (
            "unsupported_media_type",
            {"supported": ["image/jpeg", "application/pdf"]},
            "この形式のファイルには対応していません。対応形式：JPEG、PDF",
            "This file type is not supported. Supported types: JPEG; PDF",
        ),
        (
            "rate_limited",
            {"retry_after": 700},
            "操作の回数が上限に達しました。12分ほどおいて、もう一度お試しください。",
            "Too many attempts. Please try again in 12 minutes.",
        ),
        (
            "overlapping_hours",
            {"first": {"opens": "10:00", "closes": "14:00"}, "second": {"opens": "13:00", "closes": "25:00"}},
            "時間帯が重なっています（10:00〜14:00と13:00〜25:00）。重ならないように修正してください。",
            "These hours overlap (10:00–14:00 and 13:00–25:00). Please correct them.",
        ),
        (
            "verification_incomplete",
            {"missing": ["phone", "document.permit"]},
            "審査のお申し込みに必要な項目が不足しています：電話番号、営業許可証や確認証",
            "Before you can apply, please add: phone; business permit",
        ),
        (
            "amount_refused",
            {"available": 5000, "currency": "JPY"},
            "金額は5,000円以内で入力してください。",
            "Please enter an amount of at most ¥5,000.",
        ),
        (
            "amount_refused",
            {"available": 5000},
            "この金額は指定できません。金額をご確認ください。",
            "This amount is not possible. Please check it.",
        ),
        (
            "price_changed",
            {"price": {"amount": 5000, "currency": "JPY"}, "expected_price": {"amount": 4000, "currency": "JPY"}},
            "料金が5,000円に変更されました。新しい料金をご確認のうえ、もう一度お手続きください。",
            "The price is now ¥5,000. Please check it and book again.",
        ),
        (
            "rule_broken",
            {"rule": "too_early", "start_at": "2026-11-21T14:00:00+09:00"},
            "チェックインは、予約時刻の2時間前からできます。",
            "Check-in opens two hours before the start.",
        ),
        (
            "hold_limit",
            {"limit": 5},
            "お支払い前の仮予約が上限（5件）に達しています。"
            "お支払いまたはキャンセルをお済ませのうえ、もう一度お試しください。",
            "You already have 5 unpaid bookings. Please pay for one or cancel one first.",
        ),
    ],
)
def test_sentence_has_its_values(code: str, details: dict[str, Any], ja: str, en: str) -> None:
    assert sentence(code, details, JA) == ja
    assert sentence(code, details, EN) == en


@pytest.mark.parametrize("reason", ["lost_card", "stolen_card", "fraudulent", "generic_decline"])
def test_declined_card_is_never_called_stolen(reason: str) -> None:
    for language in Language:
        assert sentence("payment_declined", {"reason": reason}, language) == title("payment_declined", language)


@for_each("code", MEANINGS)
@for_each("value", [None, "", "nonsense", 7, -1, [], ["x"], [None], {"a": 1}, {"rule": []}])
def test_value_of_another_shape_never_breaks_an_answer(code: str, value: Any) -> None:
    names = {name for text in WITH_VALUES.values() for name in _values(text.ja)} | {"reason", "field", "rule", "limit"}
    for language in Language:
        said = sentence(code, dict.fromkeys(names, value), language)
        assert said
        assert "{" not in said


def test_field_errors_have_a_message() -> None:
    details = {"fields": [{"field": "email", "rule": "email"}, {"field": "other", "rule": "never heard of"}]}
    shown = with_field_messages(details, EN)["fields"]
    assert [one["message"] for one in shown] == ["Please enter a valid e-mail address.", ANY_FIELD.en]
    assert field_message("string_too_long", JA, {"max_length": 40}) == "40文字以内で入力してください。"
