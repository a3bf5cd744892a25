"""Payment at a convenience store (konbini) with a voucher: until when it can be paid, and how long the time is held.

Sources: docs.stripe.com/payments/konbini ("Minimum charge amount" 120 JPY, "Maximum charge amount" 300,000 JPY, no
manual capture) and …/konbini/accept-a-payment: ``expires_at`` is more than 30 minutes and less than 60 days ahead;
"Expiration and cancellation": after it nobody can start to pay, but who holds a slip of the store's machine may still
pay at the till. All vouchers of this platform end with a day in Japan, as Stripe's own default does (23:59:59 JST).
Pure rules; times are aware UTC.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.errors import RuleBroken
from domain.money import Money
from domain.payments.limits import ProviderLimits
from domain.payments.status import PaymentMode, PaymentStatus
from domain.payments.tasks import PaymentView

#: What a customer chooses instead of a card.
KONBINI = "konbini"
JAPAN = ZoneInfo("Asia/Tokyo")
#: The least time between the making of a voucher and its end; Stripe refuses half an hour.
LEAST_LIFE = timedelta(minutes=45)
#: The provider's ends are whole seconds, and a voucher can be paid in that second too.
LAST_SECOND = timedelta(seconds=1)
#: The customer is warned so long before the end: at noon of the last day.
WARN_AHEAD = timedelta(hours=12)
#: No warning right after the message with the voucher.
QUIET = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class StoreCode:
    """What the customer enters at the machine of one chain. ``store``: the provider's name of the chain."""

    store: str
    payment_code: str
    confirmation_number: str | None = None


@dataclass(frozen=True, slots=True)
class Voucher:
    """An unpaid voucher. ``expires_at`` is the last second in which it can be paid; ``url``: the provider's page with
    the instructions."""

    expires_at: datetime
    codes: tuple[StoreCode, ...]
    url: str | None = None
    made_at: datetime | None = None

    @property
    def held_until(self) -> datetime:
        """The time is held until then, and not at that moment any more."""
        return held_until(self.expires_at)


@dataclass(frozen=True, slots=True)
class UnprovenVouchers:
    """Vouchers of other bookings whose callers have not proven an address, and how many such bookings of any kind the
    business allows (its setting ``unproven_holds``). A voucher holds the time for days and costs its caller nothing."""

    others: int
    limit: int

    @property
    def has_room(self) -> bool:
        """Whether one more may be made: fewer than half of what is allowed are vouchers, so that the other half is
        left for those who pay at once."""
        return 2 * self.others < self.limit


@dataclass(frozen=True, slots=True)
class VoucherFacts:
    """What decides whether a booking can be paid with a voucher. ``days``: the business's setting, 0: it offers none.
    ``mode``: how the booking is paid; ``email``: to which the provider writes if the money goes back. ``unproven``:
    None where the caller's address is proven, staff made the booking, or its voucher is counted already."""

    due: Money
    mode: PaymentMode
    start_at: datetime
    days: int
    email: str | None
    unproven: UnprovenVouchers | None = None


@dataclass(frozen=True, slots=True)
class VoucherOrder:
    """A voucher to be made by the provider. ``name`` is shown at the store's machine."""

    expires_at: datetime
    name: str
    email: str


def held_until(expires_at: datetime) -> datetime:
    """The first moment after the voucher's last second."""
    return expires_at + LAST_SECOND


def last_second(now: datetime, days: int, start_at: datetime) -> datetime | None:
    """The end of a voucher that is made ``now``: 23:59:59 in Japan, ``days`` days from today, or on the last day that
    ends before the visit. None where no day ends early enough, or one would be too short."""
    today = now.astimezone(JAPAN).date()
    longest = _end_of(today + timedelta(days=days))
    end = longest
    if held_until(longest) > start_at:
        end = _end_of(start_at.astimezone(JAPAN).date() - timedelta(days=1))
    return end if end - now >= LEAST_LIFE else None


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time(23, 59, 59), JAPAN).astimezone(UTC)


def offer(facts: VoucherFacts, limits: ProviderLimits, now: datetime) -> datetime:
    """The end of the voucher that the customer can have now. Raises RuleBroken with the ``rule`` that forbids it:
    ``konbini_not_offered``, ``konbini_amount``, ``konbini_too_late``."""
    if not facts.days or limits.voucher is None or facts.mode is PaymentMode.CARD_HOLD:
        raise RuleBroken({"rule": "konbini_not_offered"})
    if facts.unproven is not None and not facts.unproven.has_room:
        raise RuleBroken({"rule": "konbini_not_offered"})
    if not limits.takes_voucher(facts.due):
        least, most = limits.voucher
        raise RuleBroken(
            {
                "rule": "konbini_amount",
                "least": {"amount": least, "currency": facts.due.currency},
                "most": {"amount": most, "currency": facts.due.currency},
            }
        )
    end = last_second(now, facts.days, facts.start_at)
    if end is None:
        raise RuleBroken({"rule": "konbini_too_late"})
    return end


def is_offered(facts: VoucherFacts, limits: ProviderLimits, now: datetime) -> bool:
    """Whether ``offer`` gives a voucher."""
    try:
        offer(facts, limits, now)
    except RuleBroken:
        return False
    return True


def warn_at(made_at: datetime, expires_at: datetime) -> datetime | None:
    """When the customer is warned that the voucher ends; None where that would be too soon after it was made."""
    at = held_until(expires_at) - WARN_AHEAD
    return at if at - made_at >= QUIET else None


def waits_for_voucher(payment: PaymentView | None, hold_expires_at: datetime | None, now: datetime) -> bool:
    """Whether the hold of an unpaid booking goes on because its voucher can still be paid. The provider keeps the
    payment ``requires_payment`` until then; at a till it becomes ``processing``."""
    if payment is None or payment.voucher_until is None or hold_expires_at is None:
        return False
    is_open = payment.status is PaymentStatus.REQUIRES_PAYMENT
    return is_open and now < min(hold_expires_at, held_until(payment.voucher_until))
