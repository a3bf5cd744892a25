"""The text of a receipt's file, read back, and its fonts."""

import io
from typing import Any

import pytest
from pypdf import PdfReader

from domain.payments.receipts import ReceiptKind, ReceiptRemark
from domain.payments.tax import TaxCategory
from runtime.documents.receipt_files import receipt_file
from runtime.documents.receipt_words import CATEGORIES, REMARKS, TITLES, WORDS

CONTENT: dict[str, Any] = {
    "issuer": {
        "name": {"ja": "ヘアサロン花", "en": "Hair Salon Hana"},
        "address": {"ja": "神宮前4-1-2", "en": "4-1-2 Jingumae"},
        **{"postal_code": "150-0001", "prefecture": "東京都", "city": "渋谷区", "phone": "03-5550-0123"},
        "registration_number": "T7000012050002",
    },
    "booking_code": "AB23CD45",
    "currency": "JPY",
    "lines": [
        {"name": {"ja": "カット", "en": "Cut"}, "amount": 6600, "category": "standard", "percent": 10},
        {"name": {"ja": "お弁当", "en": "Lunch"}, "amount": 1080, "category": "reduced", "percent": 8},
        {"name": {"ja": "診療"}, "amount": 500, "category": "exempt", "percent": 0},
    ],
    "totals": [
        {"category": "standard", "percent": 10, "total": 6600, "tax": 600},
        {"category": "reduced", "percent": 8, "total": 1080, "tax": 80},
        {"category": "exempt", "percent": 0, "total": 500, "tax": 0},
    ],
    **{"total": 8180, "remark": "deposit", "number": "2026-000012", "refers_to": None},
    **{"issued_on": "2026-11-21", "supplied_on": "2026-11-22", "recipient": "髙﨑 *#[$x"},
}


def _read(file: bytes) -> tuple[str, PdfReader]:
    reader = PdfReader(io.BytesIO(file))
    assert len(reader.pages) == 1
    return "".join(reader.pages[0].extract_text().split()), reader


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "ja",
            [
                *(
                    "領収書",
                    "（適格請求書）",
                    "髙﨑*#[$x様",
                    "2026-000012",
                    "2026年11月21日",
                    "取引年月日2026年11月22日",
                ),
                *("合計（税込）8,180円", "カット10%6,600円", "お弁当※8%1,080円", "診療非課税500円"),
                *("標準税率10%6,600円600円", "軽減税率8%1,080円80円", "※軽減税率の対象です。", "内金"),
                *("ヘアサロン花", "〒150-0001東京都渋谷区神宮前4-1-2", "電話03-5550-0123", "登録番号T7000012050002"),
            ],
        ),
        (
            "en",
            [
                *("Receipt", "Qualifiedinvoice", "To:髙﨑*#[$x", "Dateofservice22Nov2026", "¥8,180", "Cut10%¥6,600"),
                *("Lunch※8%¥1,080", "診療Exempt¥500", "Standardrate10%¥6,600¥600", "Reducedrate8%¥1,080¥80"),
                *("HairSalonHana", "4-1-2Jingumae", "RegistrationnumberT7000012050002", "deposit"),
            ],
        ),
    ],
)
def test_receipt_says_all_that_an_invoice_must(language: str, expected: list[str]) -> None:
    text, reader = _read(receipt_file(CONTENT, "qualified_invoice", language))
    assert [one for one in expected if one not in text] == []
    for font in reader.pages[0]["/Resources"]["/Font"].values():
        inner = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        assert "NotoSansJP" in inner["/FontName"]
        assert "/FontFile3" in inner, "embedded"


def test_credit_note_names_the_receipt_and_thanks_for_nothing() -> None:
    refund = {**CONTENT, "remark": None, "recipient": None, "number": "R2026-000013", "refers_to": "2026-000012"}
    text, _ = _read(receipt_file(refund, "credit_note", "ja"))
    assert "返金明細書（適格返還請求書）" in text
    assert "対象の領収書2026-000012" in text
    assert "返金額（税込）8,180円" in text
    assert "領収いたしました" not in text


def test_receipt_of_a_business_without_number_is_no_invoice() -> None:
    fee = {"name": {}, "amount": 3000, "category": "out_of_scope", "percent": 0}
    total = {"category": "out_of_scope", "percent": 0, "total": 3000, "tax": 0}
    issuer = {**CONTENT["issuer"], "registration_number": None, "address": None, "city": None, "phone": None}
    money = {"lines": [fee], "totals": [total], "total": 3000, "remark": "cancellation_fee", "recipient": None}
    text, _ = _read(receipt_file({**CONTENT, **money, "issuer": issuer}, "receipt", "ja"))
    assert "適格" not in text
    assert "登録番号" not in text
    assert "キャンセル料課税対象外3,000円" in text


def test_words_are_there_for_all_kinds_in_both_languages() -> None:
    assert set(TITLES) == {kind.value for kind in ReceiptKind}
    assert set(CATEGORIES) == {category.value for category in TaxCategory}
    assert set(REMARKS) == {remark.value for remark in ReceiptRemark}
    texts = [
        *CATEGORIES.values(),
        *REMARKS.values(),
        *WORDS.values(),
        *(one for pair in TITLES.values() for one in pair),
    ]
    assert all(set(one) == {"ja", "en"} for one in texts)
