"""The eight invariants: which of them each kind of finding violates, and the sentence that a person reads."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from db.engine.session import Database, UnitOfWork
from db.engine.snapshots import read_together
from db.invariants import CHECKS, Finding, Limits

TITLES: Mapping[int, str] = {
    1: "No unit of a resource is claimed twice at one time",
    2: "Every captured or authorized yen has its place",
    3: "No booking is refunded more than it paid",
    4: "Every hold ended or is in its time",
    5: "Every status follows the transition table and its history",
    6: "Every booking has its workflow",
    7: "Every promised notice was sent once, or failed visibly",
    8: "Every counted figure equals a recount",
}

#: kind of finding -> (invariant, sentence); the names in braces are ids and facts of the finding.
KINDS: Mapping[str, tuple[int, str]] = {
    "double_claim": (
        1,
        "Bookings {booking_id} and {other_booking_id} both hold unit {unit} of resource {resource_id} at {starts_at}.",
    ),
    "item_without_claim": (1, "Booking {booking_id} is {status}, but nothing is claimed for its item at {start_at}."),
    "booking_and_items_differ": (1, "Booking {booking_id} runs {start_at} to {end_at}, its items do not."),
    "claim_of_another_time": (1, "A claim of booking {booking_id} from {starts_at} fits none of its items."),
    "claim_that_lapses": (1, "Booking {booking_id} is {status}, but its claim lapses at {holds_until}."),
    "money_unaccounted": (
        2,
        "Booking {booking_id} is {booking_status} and entitled to {entitled}, but {held} of payment {payment_id}"
        " ({status}) is still held, and nothing is on its way.",
    ),
    "wrong_amount": (2, "Payment {payment_id} is over {amount}, but booking {booking_id} asks for {amount_due}."),
    "refund_stuck": (2, "Refund {refund_id} of {amount} is {status} since {since}, and no attention item was filed."),
    "event_not_applied": (2, "Provider event {webhook_id} ({event_type}) of {received_at} was never applied."),
    "refunded_more_than_paid": (
        3,
        "Of payment {payment_id}, {captured} was captured, but {refunded} went back and refunds add up to {refunds}.",
    ),
    "refunds_and_total_differ": (
        3,
        "Payment {payment_id} says {refunded} was refunded, its refunds that succeeded add up to {succeeded}.",
    ),
    "ledger_and_total_differ": (
        3,
        "Payment {payment_id} says {captured} was captured, the ledger says {ledger_captures}.",
    ),
    "ledger_and_refunds_differ": (
        3,
        "Refunds of payment {payment_id} add up to {succeeded}, the ledger says {ledger_refunds}.",
    ),
    "hold_overdue": (4, "Booking {booking_id} is still pending, its hold ended at {hold_expires_at}."),
    "claim_of_ended_booking": (4, "Booking {booking_id} is {status}, but still holds its time from {starts_at}."),
    "claim_and_hold_differ": (
        4,
        "The hold of booking {booking_id} ends at {hold_expires_at}, its claim at {holds_until}.",
    ),
    "overbooked_without_record": (
        1,
        "Booking {booking_id} takes unit {unit} from {starts_at}, but no manager is recorded as having overbooked it.",
    ),
    "offer_without_claim": (1, "Offer {offer_id} is open, but holds no claim for {start_at}."),
    "claim_of_ended_offer": (4, "Offer {offer_id} is {status}, but still holds its time from {start_at}."),
    "offer_overdue": (4, "Offer {offer_id} is still open, its time to answer ended at {expires_at}."),
    "offer_of_another_state": (4, "Offer {offer_id} is {status}, but its entry {entry_id} is {entry_status}."),
    "history_broken": (5, "History {history_id} of booking {booking_id} starts from {from}, but it was {before}."),
    "transition_not_allowed": (5, "Booking {booking_id} went from {from} to {to}, which the table does not allow."),
    "status_without_history": (5, "Booking {booking_id} is {status}, its history ends with {recorded}."),
    "review_history_broken": (5, "History of review {review_id} goes on from {from}, but it was {before}."),
    "review_status_without_history": (5, "Review {review_id} is {status}, its history ends with {recorded}."),
    "totals_and_recount_differ": (
        8,
        "Customer {customer_id} of business {business_id} has {kept} visits and {spent} {currency}, the bookings give"
        " {recount} and {spent_recount}.",
    ),
    "stars_and_recount_differ": (
        8,
        "Business {business_id} counts {kept} stars for {subject} {subject_id}, its reviews give {recount}.",
    ),
    "booking_without_workflow": (
        6,
        "Booking {booking_id} is {status}, but has no workflow and no order for one.",
    ),
    "workflow_not_running": (6, "Booking {booking_id} is {status}, but its workflow is {run_status}."),
    "notice_sent_twice": (7, "Notice {notice_id} ({message}) was accepted {accepted} times."),
    "notice_never_accepted": (7, "Notice {notice_id} ({message}) is {status}, but no attempt was accepted."),
    "notice_sent_but_not_noted": (7, "Notice {notice_id} ({message}) is {status}, but an attempt was accepted."),
    "notice_overdue": (7, "Notice {notice_id} ({message}) waits since {since}."),
    "notice_without_workflow": (7, "Notice {notice_id} is queued, but nothing is going to send it."),
}

#: Checks that run at the same time, each on a connection of its own: Postgres works for each of them on one core.
AT_ONCE = 2
#: At most so many violations of one kind are stored to be shown; all of them are counted.
KEPT = 100


@dataclass(frozen=True, slots=True)
class Violation:
    """One violation of an invariant."""

    invariant: int
    kind: str
    ids: Mapping[str, str]
    facts: Mapping[str, Any]
    sentence: str


@dataclass(slots=True)
class Report:
    """The result of an audit. ``counts``: all violations by kind; ``violations``: the first of each kind.
    ``unchecked``: which invariants could not be (wholly) checked, and why."""

    at: datetime
    counts: dict[str, int] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)
    unchecked: dict[int, str] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All violations."""
        return sum(self.counts.values())

    def of(self, invariant: int) -> int:
        """Violations of one invariant."""
        return sum(count for kind, count in self.counts.items() if KINDS[kind][0] == invariant)

    def add(self, finding: Finding) -> None:
        """Count it, and store it unless its kind has enough already."""
        seen = self.counts[finding.kind] = self.counts.get(finding.kind, 0) + 1
        if seen <= KEPT:
            self.violations.append(violation_of(finding))

    def include(self, part: "Report") -> None:
        """Add what another report found."""
        for kind, count in part.counts.items():
            seen = self.counts.get(kind, 0)
            self.counts[kind] = seen + count
            self.violations += [one for one in part.violations if one.kind == kind][: max(0, KEPT - seen)]

    def take(self, findings: Iterable[Finding]) -> None:
        """Add several."""
        for finding in findings:
            self.add(finding)


def violation_of(finding: Finding) -> Violation:
    """The invariant that a finding violates, with its sentence."""
    number, sentence = KINDS[finding.kind]
    return Violation(
        number, finding.kind, finding.ids, finding.facts, sentence.format_map({**finding.facts, **finding.ids})
    )


async def check_tables(database: Database, report: Report, limits: Limits) -> None:
    """Every check that needs Postgres alone, in one read-only snapshot; two at a time."""
    waiting = iter(CHECKS)
    found = {check.name: Report(report.at) for check in CHECKS}

    async def work_off(work: UnitOfWork) -> None:
        for check in waiting:
            async for finding in work.invariants.run(check, report.at, limits):
                found[check.name].add(finding)

    await read_together(database, AT_ONCE, work_off)
    for part in found.values():
        report.include(part)
