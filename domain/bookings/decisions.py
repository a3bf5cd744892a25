"""What the end of a booking costs, what is refunded, and when a step is refused. Pure rules.

The store calls them with facts that it read under the booking's lock, the quote with the present facts, and the tests
of workflows with their own. All amounts are minor units of the booking's currency; times are aware UTC.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.booking_status import LIVE, VISITING, BookingStatus, check_transition
from domain.catalogue.cancellation import Policy, Quote, no_show_quote, penalty
from domain.errors import RuleBroken, WrongState
from domain.instants import text_at_venue
from domain.money import Money
from domain.payments.settlement import Settlement, secured_amount, settle
from domain.payments.status import SECURED, PaymentStatus
from domain.payments.tasks import PaymentView
from domain.platform.actor import ActorKind

#: A customer may be checked in this long before the start. An earlier check-in is assumed to be a mistake.
CHECK_IN_EARLY = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class KeptPenalty:
    """The penalty at the time when the customer moved the booking: ``percent`` of the price, valid until ``until``
    (None: until the booking ends)."""

    percent: int = 0
    until: datetime | None = None

    def at(self, now: datetime) -> int:
        """The percent that applies at ``now``."""
        return self.percent if self.until is None or now < self.until else 0


@dataclass(frozen=True, slots=True)
class BookingFacts:
    """A booking at one moment, with its current payment (`CURRENT_FIRST` in ``db.payments.payments``).

    ``refunds_in_progress``: minor units that are on their way back already. ``is_stranded``: the business cannot keep
    the time and has offered another one. ``amount_due``: to be paid online before it is confirmed.
    ``penalty_charged``: what its end has cost the customer. ``moves``: how often the customer has moved it.
    ``proof_deadline`` is set while the address is to be proven. ``is_provisional``: staff made it for a customer
    who has to answer. ``undo_until``: its last step can be undone until
    then, to ``undo_to``; for a booking that is over, its money and messages wait for that.
    """

    status: BookingStatus
    start_at: datetime
    price: int
    currency: str
    policy: Policy
    payment: PaymentView | None = None
    time_zone: str = "UTC"
    refunds_in_progress: int = 0
    is_stranded: bool = False
    amount_due: int = 0
    penalty_charged: int = 0
    needs_approval: bool = False
    hold_expires_at: datetime | None = None
    approval_deadline: datetime | None = None
    proof_deadline: datetime | None = None
    is_provisional: bool = False
    moves: int = 0
    kept_penalty: KeptPenalty = field(default_factory=KeptPenalty)
    undo_until: datetime | None = None
    undo_to: BookingStatus | None = None

    @property
    def is_secured(self) -> bool:
        """The money that is due is captured or authorized, or nothing is due."""
        return self.amount_due == 0 or (self.payment is not None and self.payment.status in SECURED)

    @property
    def paid(self) -> Money:
        """Captured or authorized, less refunds that were made or are in progress."""
        return Money(secured_amount(self.payment, self.refunds_in_progress), self.currency)


@dataclass(frozen=True, slots=True)
class Ending:
    """How an end changes the payment. ``settlement.retained`` is the penalty that is charged, ``percent`` the policy's
    percent of the price."""

    settlement: Settlement
    percent: int = 0
    by_business: bool = False


def is_business_side(kind: ActorKind) -> bool:
    """Whether the actor acts for the business or the platform, not for the customer."""
    return kind not in {ActorKind.CUSTOMER, ActorKind.GUEST}


def answers_offer(facts: BookingFacts, kind: ActorKind) -> bool:
    """Whether the answer to an offer of another time still counts. False: the platform says that nobody answered in
    time, and the booking has another time already. Raises WrongState for a person who answers then."""
    if facts.is_stranded:
        return True
    if kind is ActorKind.SYSTEM:
        return False
    raise WrongState({"status": facts.status.value, "wanted": "reaccommodation"})


def cause_of_cancellation(facts: BookingFacts, kind: ActorKind) -> str:
    """Why a booking that ``kind`` cancels ends, for the text of the message: ``no_answer`` to an offer of another time,
    ``business``, ``offer_declined`` or ``customer``."""
    if facts.is_stranded and kind is ActorKind.SYSTEM:
        return "no_answer"
    if is_business_side(kind):
        return "business"
    return "offer_declined" if facts.is_stranded else "customer"


def notifies_business_of_cancellation(facts: BookingFacts, kind: ActorKind) -> bool:
    """Whether the business gets a message about the cancellation. What it does itself it knows, and of an offered time
    that was not taken it reads in the message about the offer."""
    return not is_business_side(kind) and not facts.is_stranded


def cancel(facts: BookingFacts, by_business: bool, now: datetime) -> Ending:
    """Cancelling at ``now``.

    Customers and guests pay what ``cancellation_quote`` says, at most what they paid online. If the business cancels,
    or cannot keep the time, nothing is charged. Raises WrongState if the booking cannot be cancelled any more, and
    RuleBroken if the customer cancels after the start.
    """
    check_transition(facts.status, BookingStatus.CANCELLED)
    free = by_business or facts.is_stranded
    if not free and now >= facts.start_at:
        raise RuleBroken({"rule": "already_started", "start_at": text_at_venue(facts.start_at, facts.time_zone)})
    if free:
        return _ending(facts, 0, 0, by_business=True)
    quote = cancellation_quote(facts, now)
    return _ending(facts, quote.penalty.amount, quote.percent, by_business=False)


def cancellation_quote(facts: BookingFacts, now: datetime) -> Quote:
    """What a customer's cancellation at ``now`` costs by the policy: nothing while the booking is pending, and never
    less than the penalty that is kept from an earlier move."""
    kept = facts.kept_penalty.at(now)
    policy = Policy((), 0) if facts.status is BookingStatus.PENDING else facts.policy
    return penalty(policy, facts.paid, Money(facts.price, facts.currency), facts.start_at, now, at_least=kept)


def decline(facts: BookingFacts) -> Ending:
    """The business declines a pending booking: everything is refunded. Raises WrongState."""
    check_transition(facts.status, BookingStatus.DECLINED)
    return _ending(facts, 0, 0, by_business=True)


def no_show(facts: BookingFacts, waive_penalty: bool, now: datetime) -> Ending:
    """The customer did not come: the policy's no-show fee is charged, nothing with ``waive_penalty``. Raises
    WrongState, and RuleBroken before the start."""
    check_transition(facts.status, BookingStatus.NO_SHOW)
    if now < facts.start_at:
        raise RuleBroken({"rule": "not_started", "start_at": text_at_venue(facts.start_at, facts.time_zone)})
    if waive_penalty:
        return _ending(facts, 0, 0, by_business=False)
    kept = facts.kept_penalty.at(now)
    quote = no_show_quote(facts.policy, facts.paid, Money(facts.price, facts.currency), at_least=kept)
    return _ending(facts, quote.penalty.amount, quote.percent, by_business=False)


def complete(facts: BookingFacts) -> Ending:
    """The visit has ended: the business gets everything that was agreed online, so an authorization is captured in
    full. Raises WrongState if the booking is not checked in."""
    check_transition(facts.status, BookingStatus.COMPLETED)
    return _ending(facts, facts.payment.amount if facts.payment else 0, 100, by_business=False)


def postponed(facts: BookingFacts) -> Ending:
    """What the end of the booking does to the money, once it can no longer be undone. The penalty of a no-show is the
    one that was decided when it was recorded."""
    if facts.status is BookingStatus.COMPLETED:
        return _ending(facts, facts.payment.amount if facts.payment else 0, 100, by_business=False)
    keep = facts.penalty_charged if facts.status is BookingStatus.NO_SHOW else 0
    return _ending(facts, keep, 0, by_business=facts.status is BookingStatus.DECLINED)


def is_checked_in_by_completion(facts: BookingFacts, kind: ActorKind) -> bool:
    """Whether completing comes with the check-in that nobody made: only where the platform closes the visit."""
    return facts.status is BookingStatus.CONFIRMED and kind is ActorKind.SYSTEM


def may_remind(facts: BookingFacts, start_at: datetime) -> bool:
    """Whether a reminder of a visit at ``start_at`` is right: the booking is confirmed for that time."""
    return facts.status is BookingStatus.CONFIRMED and facts.start_at == start_at


def check_reassign(facts: BookingFacts) -> None:
    """Raise WrongState for a booking that is over and cannot go to somebody else."""
    if facts.status not in LIVE:
        raise WrongState({"status": facts.status.value, "wanted": "reassign"})


def check_in(facts: BookingFacts, now: datetime) -> None:
    """Check that the customer may be checked in at ``now``: from ``CHECK_IN_EARLY`` before the start. Raises WrongState
    and RuleBroken."""
    check_transition(facts.status, BookingStatus.CHECKED_IN)
    if now < facts.start_at - CHECK_IN_EARLY:
        raise RuleBroken({"rule": "too_early", "start_at": text_at_venue(facts.start_at, facts.time_zone)})


def renewal_amount(facts: BookingFacts) -> int | None:
    """How much to authorize again because the authorization expires before the visit ends. None: the booking has ended,
    or nothing is authorized."""
    payment = facts.payment
    if payment is None or payment.status is not PaymentStatus.AUTHORIZED or facts.status not in VISITING:
        return None
    return payment.authorized


def _ending(facts: BookingFacts, keep: int, percent: int, by_business: bool) -> Ending:
    settlement = settle(facts.payment, keep, facts.refunds_in_progress)
    return Ending(settlement, percent, by_business)
