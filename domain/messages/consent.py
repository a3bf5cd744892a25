"""Consent to messages that are no part of a booking, per purpose and with its proof. Pure rules.

The sender of advertising keeps a record of the request or the consent (特定電子メールの送信の適正化等に関する法律
3条2項), so the words that a person has seen are stored with the answer.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ConsentPurpose(StrEnum):
    """What a person may consent to."""

    OFFERS = "offers"  # advertising of the business by e-mail


class ConsentSource(StrEnum):
    """How the answer came."""

    LINK = "link"  # with the signed link of a message, which shows that the person reads mail at the address
    ONE_CLICK = "one_click"  # by the mail program (RFC 8058): a withdrawal
    STAFF = "staff"  # somebody who works there wrote down what the person said


#: The question as it is asked. A changed text is a new consent, so texts are stored with each answer.
WORDING: Mapping[ConsentPurpose, Mapping[str, str]] = {
    ConsentPurpose.OFFERS: {
        "ja": "{business}からのキャンペーンやお得な情報などのご案内（広告）を、メールで受け取る",
        "en": "{business} may send me offers and invitations (advertising) by e-mail",
    },
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One stored answer. ``at``: aware UTC."""

    purpose: ConsentPurpose
    granted: bool
    at: datetime


def wording(purpose: ConsentPurpose, business: str, language: str) -> str:
    """The question in ``language``, with the name of the business."""
    return WORDING[purpose][language].format(business=business)


def is_granted(purpose: ConsentPurpose, answers: Iterable[Answer]) -> bool:
    """Whether the last answer is yes. Nobody has consented who was not asked."""
    last = max((one for one in answers if one.purpose is purpose), key=lambda one: one.at, default=None)
    return last is not None and last.granted
