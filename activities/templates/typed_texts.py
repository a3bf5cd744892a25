"""Messages without the texts that people typed, for addresses that are not proven.

A test fails for a text of a message that is not listed here.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from activities.templates.account_email import FORMS
from activities.templates.words import Bilingual
from db.messages.notices import AccountEmailContent, NoticeContent
from domain.messages.kinds import AccountEmailKind

#: The texts that the customer typed into a booking, and facts about the customer, each with its replacement.
TYPED_BY_CUSTOMER: Mapping[str, Any] = {
    "family_name": "",
    "given_name": "",
    "special_requests": None,
    "cancellation_reason": None,
    "customer_phone": None,
    "customer_email": None,
    "customer_kana": None,
}
#: Typed texts of an account e-mail: the name of the login, and the name of the device, which its program sends. The
#: name of the business is the third; one that writes to its customers was approved with it.
TYPED_BY_LOGIN: Mapping[str, Any] = {"family_name": "", "given_name": "", "user_agent": None}

_YOUR_BUSINESS: Bilingual = {"ja": "お申し込みの店舗", "en": "your business"}
_A_BUSINESS: Bilingual = {"ja": "申し込みのあった店舗", "en": "a business"}
_TO_OPERATORS = frozenset({AccountEmailKind.REVIEW_DUE, AccountEmailKind.MODERATION_DUE})


def notice_without_texts(content: NoticeContent) -> NoticeContent:
    """The message about a booking without the customer's texts."""
    return replace(content, **TYPED_BY_CUSTOMER)


def account_email_without_texts(content: AccountEmailContent) -> AccountEmailContent:
    """The account e-mail without the names of people and businesses, and without the device's own name."""
    named = _A_BUSINESS if content.kind in _TO_OPERATORS else _YOUR_BUSINESS
    if content.business_name is None or FORMS[AccountEmailKind(content.kind)].from_business:
        return replace(content, **TYPED_BY_LOGIN)
    return replace(content, **TYPED_BY_LOGIN, business_name=named)
