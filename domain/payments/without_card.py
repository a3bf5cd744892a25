"""A card hold that the bank does not renew: until when the customer gives a card, and what the business wants then.

The bank may ask the customer to authenticate (3-D Secure), which only the customer can do, on the payment page. Pure
rules; times are aware UTC.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

#: The least time that a customer has for it, unless the visit begins before.
LEAST = timedelta(hours=24)
#: The deadline is so long before the start: a booking is cancelled while it is ahead, never when its visit begins.
BEFORE_START = timedelta(hours=1)
#: The code of a refusal that the customer can lift by authenticating (docs.stripe.com/declines/codes; PAY.JP v2 has the
#: same name for it).
AUTHENTICATION = "authentication_required"


class WithoutCard(StrEnum):
    """What becomes of a booking whose customer gives no card in time: the business's setting."""

    KEEP = "keep"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class CardDeadline:
    """By when the customer must give another card (aware UTC), and whether the booking is cancelled without one: what
    the message says. Another setting of the business later does not change it."""

    at: datetime
    cancels: bool

    @property
    def details(self) -> dict[str, Any]:
        """For the message."""
        return {"answer_by": self.at.isoformat(), "cancels": self.cancels}


def answer_by(asked_at: datetime, authorized_until: datetime | None, start_at: datetime) -> datetime:
    """The deadline: when the authorization expires, but not sooner than a day after the question, and not later than
    `latest_answer`."""
    return min(max(authorized_until or asked_at, asked_at + LEAST), latest_answer(start_at, asked_at))


def latest_answer(start_at: datetime, now: datetime) -> datetime:
    """The latest deadline: ``BEFORE_START`` before the start. Where that has passed at ``now`` it is the start, and
    then the booking is not cancelled (`cancels`)."""
    latest = start_at - BEFORE_START
    return latest if latest > now else start_at


def first_deadline(
    setting: WithoutCard, start_at: datetime, authorized_until: datetime | None, now: datetime
) -> CardDeadline:
    """What a message at ``now`` says."""
    at = answer_by(now, authorized_until, start_at)
    return CardDeadline(at, cancels(setting, at, start_at))


def known_deadline(at: datetime, promised: bool | None, setting: WithoutCard, start_at: datetime) -> CardDeadline:
    """What the customer knows. ``promised``: what the message says; None for one from before that was stored."""
    return CardDeadline(at, cancels(setting, at, start_at) if promised is None else promised)


def deadline_after_move(
    known: CardDeadline,
    start_at: datetime,
    moved_to: datetime,
    authorized_until: datetime | None,
    setting: WithoutCard,
    now: datetime,
) -> CardDeadline:
    """The deadline ``known`` of a booking that moves from ``start_at`` to ``moved_to``. A start that comes closer may
    bring it forward. A later start does not put it off, because the customer knows it, unless it was the start itself:
    that deadline cancels nothing, and the later booking has time for another question, with the present ``setting``.
    The customer of a booking that is kept without a card keeps it wherever it moves."""
    if moved_to > start_at and known.at >= start_at:
        return first_deadline(setting, moved_to, authorized_until, now)
    at = min(known.at, latest_answer(moved_to, now)) if moved_to < start_at else known.at
    return CardDeadline(at, known.cancels and at < moved_to)


def cancels(setting: WithoutCard, due: datetime, start_at: datetime) -> bool:
    """Whether a booking without a card is cancelled at its deadline ``due``."""
    return setting is WithoutCard.CANCEL and due < start_at
