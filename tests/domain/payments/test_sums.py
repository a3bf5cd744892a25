"""No sequence of captures, refunds, disputes and penalties breaks the sums of a payment.

A small provider carries out what the rules ask for and reports it in any order, late and repeated. The rules see the
reports alone, as the stores do.
"""

from dataclasses import dataclass, field, replace
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import DomainError
from domain.money import Money
from domain.payments.provider_events import (
    PaymentTotals,
    after_disputes,
    after_intent,
    after_refunds,
    authorized_by,
    refund_after,
)
from domain.payments.refunds import amount_to_refund
from domain.payments.settlement import settle
from domain.payments.status import DisputeStatus, Movement, PaymentStatus, RefundStatus
from domain.payments.tasks import PaymentView

AMOUNT = 6600
P, R, D = PaymentStatus, RefundStatus, DisputeStatus
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["authorize", "pay", "capture", "void", "penalty", "refund", "by_hand", "end", "dispute", "report", "again"]
        ),
        st.integers(0, AMOUNT + 500),
        st.integers(0, 20),
    ),
    min_size=1,
    max_size=40,
)


@dataclass
class Provider:
    """The truth: what was taken, and what went back."""

    manual: bool
    status: PaymentStatus = P.REQUIRES_PAYMENT
    captured: int = 0
    refunded: int = 0

    def capture(self, amount: int) -> None:
        if self.status is P.AUTHORIZED and 0 < amount <= AMOUNT:
            self.status, self.captured = P.CAPTURED, amount

    def refund(self, amount: int) -> bool:
        """False: refused, as every provider refuses more than is left."""
        possible = 0 < amount <= self.captured - self.refunded
        self.refunded += amount if possible else 0
        return possible


@dataclass
class Books:
    """What we know of one payment, as the stores keep it."""

    totals: PaymentTotals
    refunds: dict[int, tuple[RefundStatus, int, bool]] = field(default_factory=dict)
    disputes: dict[int, DisputeStatus] = field(default_factory=dict)
    reports: list[tuple[PaymentStatus, int]] = field(default_factory=list)

    @property
    def view(self) -> PaymentView:
        totals = self.totals
        sums = (AMOUNT, totals.authorized, totals.captured, totals.refunded)
        return PaymentView(UUID(int=1), totals.status, *sums, manual_capture=True)

    def sum_of(self, *statuses: RefundStatus) -> int:
        return sum(amount for status, amount, _ in self.refunds.values() if status in statuses)

    def hear(self, provider: Provider, status: PaymentStatus, captured: int) -> None:
        promised = authorized_by(status, AMOUNT, captured, provider.manual)
        self.totals = after_intent(self.totals, status, promised, captured)
        self.recount()

    def recount(self) -> None:
        self.totals = after_refunds(self.totals, self.sum_of(R.SUCCEEDED))

    def ask(self, amount: int) -> None:
        going = self.sum_of(R.REQUESTED, R.PROCESSING)
        asked = amount_to_refund(self.view, "JPY", Money(amount), going)
        self.refunds[len(self.refunds)] = (R.REQUESTED, asked, True)


def take(books: Books, provider: Provider, step: str, amount: int, which: int) -> None:
    """One step of anybody: the customer, the business, the provider or the network."""
    match step:
        case "authorize" if provider.status is P.REQUIRES_PAYMENT and provider.manual:
            provider.status = P.AUTHORIZED
        case "pay" if provider.status is P.REQUIRES_PAYMENT and not provider.manual:
            provider.status, provider.captured = P.CAPTURED, AMOUNT
        case "capture":
            provider.capture(amount)
        case "void" if provider.status in {P.REQUIRES_PAYMENT, P.AUTHORIZED}:
            provider.status = P.VOIDED
        case "penalty":
            settlement = settle(books.view, amount, books.sum_of(R.REQUESTED, R.PROCESSING))
            if settlement.movement is Movement.CAPTURE:
                provider.capture(settlement.amount)
            elif settlement.refund:
                books.ask(settlement.refund)
        case "refund":
            books.ask(amount)
        case "by_hand" if provider.refund(amount):
            books.refunds[len(books.refunds)] = (R.SUCCEEDED, amount, False)
            books.recount()
        case "end" if books.refunds:
            number = which % len(books.refunds)
            known, asked, ours = books.refunds[number]
            if ours and known in {R.REQUESTED, R.PROCESSING}:
                reported = R.SUCCEEDED if provider.refund(asked) else R.FAILED
                books.refunds[number] = (refund_after(known, reported), asked, ours)
                books.recount()
        case "dispute":
            books.disputes[which % 3] = [D.OPEN, D.WON, D.LOST][amount % 3]
            books.totals = after_disputes(books.totals, any(one is not D.WON for one in books.disputes.values()))
        case "report":
            books.reports.append((provider.status, provider.captured))
            books.hear(provider, provider.status, provider.captured)
        case "again" if books.reports:
            books.hear(provider, *books.reports[which % len(books.reports)])


#: Two of three lives begin with the money, so that most steps find some.
BEGINNINGS = st.sampled_from(
    [
        (False, [("pay", 0, 0), ("report", 0, 0)]),
        (True, [("authorize", 0, 0), ("report", 0, 0), ("capture", 5000, 0), ("report", 0, 0)]),
        (True, []),
    ]
)


@settings(max_examples=300)
@given(BEGINNINGS, STEPS)
def test_sums_of_a_payment_hold_after_every_step(
    beginning: tuple[bool, list[tuple[str, int, int]]], steps: list[tuple[str, int, int]]
) -> None:
    manual, first = beginning
    provider, books = Provider(manual), Books(PaymentTotals(P.REQUIRES_PAYMENT, 0, 0, 0))
    for step, amount, which in [*first, *steps]:
        before = books.totals
        try:
            take(books, provider, step, amount, which)
        except DomainError:
            assert books.totals == before
        totals = books.totals
        assert 0 <= totals.refunded <= totals.captured <= AMOUNT
        assert totals.captured <= provider.captured
        assert totals.refunded <= provider.refunded
        assert books.sum_of(R.SUCCEEDED) <= AMOUNT
        ours = sum(asked for status, asked, own in books.refunds.values() if own and status is not R.FAILED)
        assert ours <= provider.captured, "we never ask for more than was taken"
        assert replace(totals, status=before.status) == totals or totals.status is not before.status
    books.hear(provider, provider.status, provider.captured)
    if books.totals.status is not P.VOIDED:
        assert (books.totals.captured, books.totals.refunded) == (provider.captured, provider.refunded)
