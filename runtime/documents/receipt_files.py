"""Receipts as PDF: one page in Japanese or English."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from domain.messages.formats import money
from runtime.documents.pdf import compile_pdf
from runtime.documents.receipt_words import CATEGORIES, REMARKS, TITLES, WORDS

_TEMPLATE = Path(__file__).with_name("receipt.typ")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: The mark of items at the reduced rate, which an invoice must show (消費税法 57条の4 1項 3号).
_REDUCED = "※"


def receipt_file(content: Mapping[str, Any], kind: str, language: str) -> bytes:
    """The PDF of a stored document. It takes some hundred milliseconds of work: call it in a thread.

    Args:
        content: what `db.payments.receipts` stores.
        kind: a ``ReceiptKind``.
        language: ``ja`` or ``en``.
    """
    return compile_pdf(_TEMPLATE, _page(content, kind, language))


def _page(content: Mapping[str, Any], kind: str, language: str) -> dict[str, Any]:
    word = {name: texts[language] for name, texts in WORDS.items()}
    is_refund = kind in {"credit_note", "refund_note"}
    title, subtitle = (texts[language] for texts in TITLES[kind])
    recipient = content["recipient"] or ""
    if recipient:
        recipient = f"{recipient} 様" if language == "ja" else f"To: {recipient}"
    return {
        "language": language,
        "day": [int(part) for part in content["issued_on"].split("-")],
        "title": title,
        "subtitle": subtitle,
        "recipient": recipient,
        "facts": _facts(content, word, language, is_refund),
        "total_label": word["refunded" if is_refund else "total"],
        "total": _amount(content, content["total"], language),
        "received": "" if is_refund else word["received"],
        "line_head": [word["item"], word["rate"], word["amount"]],
        "lines": [_line(content, line, word, language) for line in content["lines"]],
        "total_head": [word["by_rate"], word["amount_with_tax"], word["tax"]],
        "totals": [_total(content, total, language) for total in content["totals"]],
        "notes": _notes(content, word, language),
        "issuer": _issuer(content["issuer"], word, language),
        "footer": f"{title}  {content['number']}",
    }


def _facts(content: Mapping[str, Any], word: Mapping[str, str], language: str, is_refund: bool) -> list[list[str]]:
    found = [
        [word["number"], content["number"]],
        [word["issued_on"], _day(content["issued_on"], language)],
        [word["supplied_on"], _day(content["supplied_on"], language)],
        [word["booking"], content["booking_code"]],
    ]
    if content["refers_to"]:
        found.append([word["refers_to" if is_refund else "corrects"], content["refers_to"]])
    return found


def _line(content: Mapping[str, Any], line: Mapping[str, Any], word: Mapping[str, str], language: str) -> list[str]:
    name = _said(line["name"], language) or word["fee"]
    mark = f" {_REDUCED}" if line["category"] == "reduced" else ""
    rate = f"{line['percent']}%" if line["percent"] else CATEGORIES[line["category"]][language]
    return [name + mark, rate, _amount(content, line["amount"], language)]


def _total(content: Mapping[str, Any], total: Mapping[str, Any], language: str) -> list[str]:
    category = CATEGORIES[total["category"]][language]
    label = f"{category} {total['percent']}%" if total["percent"] else category
    return [label, _amount(content, total["total"], language), _amount(content, total["tax"], language)]


def _notes(content: Mapping[str, Any], word: Mapping[str, str], language: str) -> list[str]:
    notes = [word["reduced_note"]] if any(line["category"] == "reduced" for line in content["lines"]) else []
    if content["remark"]:
        notes.append(REMARKS[content["remark"]][language])
    return notes


def _issuer(issuer: Mapping[str, Any], word: Mapping[str, str], language: str) -> list[str]:
    street = _said(issuer["address"] or {}, language)
    if language == "ja":
        address = "".join(filter(None, (issuer["prefecture"], issuer["city"], street)))
        postal = f"〒{issuer['postal_code']} " if issuer["postal_code"] else ""
        place = f"{postal}{address}"
    else:
        place = ", ".join(filter(None, (street, issuer["city"], issuer["prefecture"], issuer["postal_code"])))
    number, phone = issuer["registration_number"], issuer["phone"]
    return [
        _said(issuer["name"], language),
        *([place] if place else []),
        *([f"{word['phone']} {phone}"] if phone else []),
        *([f"{word['registration']} {number}"] if number else []),
    ]


def _said(texts: Mapping[str, str], language: str) -> str:
    return texts.get(language) or next((text for text in texts.values() if text), "")


def _amount(content: Mapping[str, Any], amount: int, language: str) -> str:
    return money(amount, content["currency"], language)


def _day(text: str, language: str) -> str:
    day = date.fromisoformat(text)
    return (
        f"{day.year}年{day.month}月{day.day}日"
        if language == "ja"
        else f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    )
