"""Whether a message is sent, and whether it contains typed texts. Decided before every message, of every kind.

Anybody can type a name and an address of somebody else. Three rules prevent that the platform sends their texts there:
texts of unproven people are sent to proven addresses alone; people are invited by approved businesses alone; and one
address gets a limited number of messages a day. The recipient's own texts are not asked about: a proven address may
read everything.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from domain.errors import WrongState
from domain.messages.kinds import AccountEmailKind, NoticeKind
from domain.platform.rate_limits import Window

#: The period of the limits.
A_DAY = timedelta(hours=24)


class Author(StrEnum):
    """Who caused a message, and typed the texts in it."""

    ANONYMOUS = "anonymous"
    UNPROVEN_LOGIN = "unproven_login"
    PROVEN = "proven"  # a login, or a guest, that has shown to read mail at its address
    STAFF = "staff"  # of a business that operators have approved


#: Those whose texts may go to an address that nobody has proven.
TRUSTED = frozenset({Author.PROVEN, Author.STAFF})


class Cause(StrEnum):
    """The person whose action causes a kind of message. With the facts it gives the author."""

    ANYBODY = "anybody"  # without a login: everybody who has an address can cause it
    LOGIN = "login"  # the login that gets it
    BUSINESS = "business"  # the owner or the staff of the business
    BOOKING = "booking"  # who made the booking, or joined the waitlist


class DropReason(StrEnum):
    """Why a message is not sent."""

    SENDER_UNPROVEN = "sender_unproven"
    RECIPIENT_LIMIT = "recipient_limit"
    OPTED_OUT = "opted_out"  # its recipient has switched this kind off
    SAME_PERSON = "same_person"  # two records were merged, and the other one's message of this campaign is enough


#: Every kind has its line: a kind without one is not sent (KeyError), and a test checks all of them.
CAUSES: Mapping[NoticeKind | AccountEmailKind, Cause] = {
    **dict.fromkeys(NoticeKind, Cause.BOOKING),
    AccountEmailKind.EMAIL_VERIFICATION: Cause.ANYBODY,
    AccountEmailKind.PASSWORD_RESET: Cause.ANYBODY,
    AccountEmailKind.LOGIN_LOCKED: Cause.ANYBODY,
    AccountEmailKind.PASSWORD_CHANGED: Cause.LOGIN,
    AccountEmailKind.NEW_DEVICE: Cause.LOGIN,
    AccountEmailKind.TOKEN_REUSED: Cause.LOGIN,
    AccountEmailKind.TWO_FACTOR_CHANGED: Cause.LOGIN,
    AccountEmailKind.TWO_FACTOR_RESET_PLANNED: Cause.LOGIN,
    AccountEmailKind.DATA_EXPORT_READY: Cause.LOGIN,
    AccountEmailKind.ANALYTICS_EXPORT_READY: Cause.LOGIN,
    AccountEmailKind.ERASURE_PLANNED: Cause.LOGIN,
    AccountEmailKind.ERASURE_DONE: Cause.LOGIN,
    AccountEmailKind.WAITLIST_PROOF: Cause.BOOKING,
    AccountEmailKind.WAITLIST_OFFERED: Cause.BOOKING,
    AccountEmailKind.WAITLIST_OFFER_OVER: Cause.BOOKING,
    AccountEmailKind.WAITLIST_ENDED: Cause.BOOKING,
    AccountEmailKind.BUSINESS_SUBMITTED: Cause.BUSINESS,
    AccountEmailKind.BUSINESS_APPROVED: Cause.BUSINESS,
    AccountEmailKind.BUSINESS_REJECTED: Cause.BUSINESS,
    AccountEmailKind.BUSINESS_INFO_REQUESTED: Cause.BUSINESS,
    AccountEmailKind.BUSINESS_SUSPENDED: Cause.BUSINESS,
    AccountEmailKind.BUSINESS_REINSTATED: Cause.BUSINESS,
    AccountEmailKind.BUSINESS_REVIEW_CLOSED: Cause.BUSINESS,
    AccountEmailKind.REVIEW_DUE: Cause.BUSINESS,
    AccountEmailKind.MODERATION_DUE: Cause.BUSINESS,
    AccountEmailKind.STAFF_INVITED: Cause.BUSINESS,
    AccountEmailKind.STAFF_ENDED: Cause.BUSINESS,
    AccountEmailKind.CAMPAIGN_MESSAGE: Cause.BUSINESS,
}


@dataclass(frozen=True, slots=True)
class SendFacts:
    """The facts about a message that is to be sent. ``is_proven``: a person has proven to read mail at its address,
    or operators have reviewed it. ``was_approved``: operators have approved the business at some time;
    ``is_approved``: it is approved now; both are false without a business. ``owner_is_proven``: the login that owns the
    business has a proven address. The last four are about the login that gets an account e-mail, and about the
    booking."""

    kind: NoticeKind | AccountEmailKind
    to_business: bool = False
    is_proven: bool = False
    is_approved: bool = False
    was_approved: bool = False
    owner_is_proven: bool = False
    login_is_proven: bool = False
    by_staff: bool = False
    has_login: bool = False
    booker_is_proven: bool = False

    @property
    def author(self) -> Author:
        """The author of the message."""
        cause = CAUSES[self.kind]
        if cause is Cause.ANYBODY:
            return Author.ANONYMOUS
        if cause is Cause.LOGIN:
            return Author.PROVEN if self.login_is_proven else Author.UNPROVEN_LOGIN
        if cause is Cause.BUSINESS:
            if self.was_approved:
                return Author.STAFF
            return Author.PROVEN if self.owner_is_proven else Author.UNPROVEN_LOGIN
        if self.by_staff:
            return Author.STAFF
        if self.booker_is_proven:
            return Author.PROVEN
        return Author.UNPROVEN_LOGIN if self.has_login else Author.ANONYMOUS


@dataclass(frozen=True, slots=True)
class SendDecision:
    """``drop``: why it is not sent, None where it is. ``with_texts``: names and other texts that people typed are
    in it; if not, it is written without them."""

    drop: DropReason | None
    with_texts: bool


@dataclass(frozen=True, slots=True)
class MessageLimits:
    """How many messages one address gets in 24 hours. ``unproven``: of one kind, caused by people who have proven
    nothing; ``person``: all others; ``business``: to the address of a business."""

    unproven: int = 10
    person: int = 200
    business: int = 5000


DEFAULT_LIMITS = MessageLimits()


def decide_send(facts: SendFacts, *, is_full: bool = False) -> SendDecision:
    """The decision about the message. ``is_full``: its recipient has had as many today as :func:`window_of` allows."""
    with_texts = facts.is_proven or facts.author in TRUSTED
    if facts.kind is AccountEmailKind.STAFF_INVITED and not _may_invite(facts.is_approved, facts.owner_is_proven):
        return SendDecision(DropReason.SENDER_UNPROVEN, with_texts=False)
    if facts.kind is AccountEmailKind.CAMPAIGN_MESSAGE and not facts.is_approved:
        return SendDecision(DropReason.SENDER_UNPROVEN, with_texts=False)
    if CAUSES[facts.kind] is Cause.BOOKING and not facts.was_approved:
        # The business's own texts (its name, its services) are in every message about a booking.
        return SendDecision(DropReason.SENDER_UNPROVEN, with_texts=False)
    return SendDecision(DropReason.RECIPIENT_LIMIT if is_full else None, with_texts)


def window_of(facts: SendFacts, address: str, limits: MessageLimits) -> Window:
    """The limit that counts the message. Messages that people without a proven identity cause are counted by kind, so
    that asking for many of one kind keeps no other from its recipient. The address itself is not stored."""
    digest = hashlib.sha256(address.strip().lower().encode()).hexdigest()
    if facts.to_business:
        return Window(f"message:business:{digest}", limits.business, A_DAY)
    if facts.author in TRUSTED:
        return Window(f"message:person:{digest}", limits.person, A_DAY)
    return Window(f"message:{facts.kind.value}:{digest}", limits.unproven, A_DAY)


def check_invitation(status: str, *, is_approved: bool, owner_is_proven: bool) -> None:
    """Raise WrongState unless the business may invite people: it is approved, and its owner has a proven address.
    ``status``: of the business."""
    if not is_approved:
        raise WrongState({"status": status, "wanted": "approved"})
    if not owner_is_proven:
        raise WrongState({"status": "email_unverified", "wanted": "email_verified"})


def _may_invite(is_approved: bool, owner_is_proven: bool) -> bool:
    return is_approved and owner_is_proven
