"""Until when a new booking is held, what it waits for, and the checks of its price. Pure rules."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.booking_status import BookingStatus
from domain.bookings.errors import PriceChanged
from domain.messages.kinds import Audience, NoticeKind
from domain.money import Money
from domain.payments.dues import Dues
from domain.payments.limits import ProviderLimits
from domain.scheduling.errors import NotBookable


@dataclass(frozen=True, slots=True)
class HoldTerms:
    """The terms of a hold.

    ``dues``: what is paid when; ``dues.online`` before confirmation. ``status``: confirmed at once when neither
    payment nor approval is needed, so that no booking is lost because the workflow is slow. ``proof_deadline``: until
    when the caller must prove the typed address, or the customer of a provisional booking must answer; None where
    neither is asked.
    """

    dues: Dues
    needs_approval: bool
    status: BookingStatus
    hold_expires_at: datetime | None
    approval_deadline: datetime | None
    proof_deadline: datetime | None = None


def check_price(price: Money, expected: Money | None) -> None:
    """Raise PriceChanged if the caller was shown another price; ``expected`` is None if the caller sent none."""
    if expected is not None and expected != price:
        shown = {"amount": expected.amount, "currency": expected.currency}
        raise PriceChanged({"price": {"amount": price.amount, "currency": price.currency}, "expected_price": shown})


def check_due(due: Money, limits: ProviderLimits) -> None:
    """Raise NotBookable where the payment provider does not take what is due online: nobody holds a time for a payment
    that is refused. Services are checked when they are saved; several together, and older ones, are known here."""
    if due and not limits.takes(due):
        raise NotBookable({"rule": "amount_not_payable"})


def terms(
    dues: Dues,
    manual_approval: bool,
    now: datetime,
    start_at: datetime,
    hold_for: timedelta,
    approve_within: timedelta,
    prove_within: timedelta = timedelta(),
    answer_by: datetime | None = None,
) -> HoldTerms:
    """The hold waits first for payment or the proof of the address, then for approval. It ends at the first missed
    deadline; no deadline is later than the start. ``prove_within``: zero where no proof is asked
    (`domain.bookings.proof`). ``answer_by``: the deadline of a provisional booking, for the payment or the answer."""
    deadline = min(now + approve_within, start_at) if manual_approval else None
    prove_by = min(now + prove_within, start_at) if prove_within else None
    if answer_by is not None and not dues.online:
        prove_by = answer_by
    ends = (answer_by or now + hold_for) if dues.online else prove_by or deadline
    status = BookingStatus.PENDING if dues.online or manual_approval or prove_by else BookingStatus.CONFIRMED
    return HoldTerms(dues, manual_approval, status, ends, deadline, prove_by)


#: A notice of a new booking: its kind, its audience, and the end of the key under which it is queued once.
FirstNotice = tuple[NoticeKind, Audience, str]


def first_notices(
    status: BookingStatus, is_due: bool, proof_deadline: datetime | None, is_provisional: bool = False
) -> tuple[FirstNotice, ...]:
    """The notices of a new booking that waits for a person: the question to the customer of a time that the business
    has reserved (``is_provisional``); the request for the proof of the address, which is sent to
    nobody else; or the request for approval, which both sides get. One that waits for a payment gets its notice from
    the statement that writes it, and a confirmed one is confirmed as every other."""
    if status is not BookingStatus.PENDING or is_due:
        return ()
    if is_provisional:
        return ((NoticeKind.BOOKING_HELD, "customer", "held"),)
    if proof_deadline is not None:
        return ((NoticeKind.BOOKING_PROOF, "customer", "proof"),)
    requested = NoticeKind.BOOKING_REQUESTED
    return ((requested, "business", "requested"), (requested, "customer", "requested/customer"))
