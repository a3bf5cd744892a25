"""A message without what people typed: a mark planted in each of these texts is nowhere in it."""

import re
from dataclasses import fields, replace
from typing import Any

from activities.templates.account_email import FORMS
from activities.templates.typed_texts import (
    TYPED_BY_CUSTOMER,
    TYPED_BY_LOGIN,
    account_email_without_texts,
    notice_without_texts,
)
from db.messages.notices import AccountEmailContent, NoticeContent
from domain.messages.kinds import AccountEmailKind
from providers.email.interface import Email
from tests.activities.templates import accounts, cases, contents
from tests.support.cases import for_each

#: What the business typed. Every business that has bookings was approved with it.
TYPED_BY_BUSINESS = frozenset(
    {"business_name", "business_phone", "phone_as_typed", "business_email", "business_address"}
    | {"postal_code", "prefecture", "city", "items", "staff", "service_name"}
)
#: What the platform and its operators write, and what is chosen from a list.
NOT_TYPED = frozenset(
    {"kind", "channel", "language", "audience", "facts", "address", "code", "booking_status", "time_zone", "currency"}
    | {"payment_mode", "policy", "cancelled_by", "reason", "ip", "colour"}
)
IN_ACCOUNT_EMAIL = frozenset({*TYPED_BY_LOGIN, "business_name"})
MARK = "Mallory"
MARKS = re.compile(r"Mallory|312345678|3-1234-5678")
LANGUAGES = ("ja", "en")


def everything(email: Email) -> str:
    """All that a mail program shows or stores of it."""
    parts = [email.from_name, email.subject, email.text, email.html, email.reply_to or ""]
    return "\n".join([*parts, *(str(one.content) for one in email.attachments)])


def planted(content: Any, names: frozenset[str]) -> Any:
    """The content with the mark in each of these fields."""
    present = {field.name for field in fields(content)} & names
    marks: dict[str, Any] = {
        "business_name": {"ja": MARK, "en": MARK},
        "customer_phone": "+81312345678",
        "user_agent": MARK,
    }
    return replace(content, **{name: marks.get(name, MARK) for name in present})


def test_texts_of_a_message_say_who_typed_them() -> None:
    texts = {
        field.name
        for content in (NoticeContent, AccountEmailContent)
        for field in fields(content)
        if any(word in str(field.type) for word in ("str", "Mapping", "tuple"))
    }
    assert texts <= TYPED_BY_CUSTOMER.keys() | TYPED_BY_BUSINESS | IN_ACCOUNT_EMAIL | NOT_TYPED


@for_each("language", LANGUAGES)
@for_each("case", cases.CASES, ids=lambda case: case.name)
def test_notice_without_texts_has_no_mark(case: cases.Case, language: str) -> None:
    whole = contents.content(case.kind, language, case.audience, facts=case.facts, **case.changes)
    email = contents.compose(notice_without_texts(planted(whole, frozenset(TYPED_BY_CUSTOMER))))
    assert not MARKS.search(everything(email))


@for_each("language", LANGUAGES)
@for_each("case", accounts.CASES, ids=lambda case: case.name)
def test_account_email_without_texts_has_no_mark(case: accounts.Case, language: str) -> None:
    whole = accounts.content(case.kind, language, facts=case.facts, **case.about)
    typed = frozenset(TYPED_BY_LOGIN) if FORMS[case.kind].from_business else IN_ACCOUNT_EMAIL
    email = accounts.compose(account_email_without_texts(planted(whole, typed)))
    assert not MARKS.search(everything(email))


def test_marks_are_found_where_the_texts_stay() -> None:
    notice = planted(contents.content(audience="business"), frozenset(TYPED_BY_CUSTOMER))
    account = planted(accounts.content(AccountEmailKind.NEW_DEVICE), IN_ACCOUNT_EMAIL)
    assert MARKS.search(everything(contents.compose(notice)))
    assert MARKS.search(everything(accounts.compose(account)))
