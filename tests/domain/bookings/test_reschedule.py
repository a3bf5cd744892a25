"""A customer's move: when it is refused, and what it leaves behind. No way round a cancellation's price."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.booking_status import BookingStatus
from domain.bookings import decisions
from domain.bookings.decisions import BookingFacts, KeptPenalty
from domain.bookings.reschedule import Rescheduled, reschedule, reschedule_terms
from domain.catalogue.cancellation import MoveRules, PaidTierMove, Policy, Tier
from domain.errors import DomainError, Gone, InvalidInput, Malformed, RuleBroken, WrongState
from domain.payments.status import PaymentStatus
from domain.payments.tasks import PaymentView

START = datetime(2026, 12, 1, 1, tzinfo=UTC)
TIERS = (Tier(48, 0), Tier(24, 50), Tier(0, 100))
S = BookingStatus
DAY = timedelta(hours=24)


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def facts(status: BookingStatus = S.CONFIRMED, rules: MoveRules | None = None, **more: object) -> BookingFacts:
    paid = PaymentView(UUID(int=1), PaymentStatus.CAPTURED, 6000, 0, 6000, 0, False)
    policy = Policy(TIERS, 100, rules or MoveRules())
    return replace(BookingFacts(status, START, 6000, "JPY", policy, paid), **more)


def moved(before: BookingFacts, after: Rescheduled, start_at: datetime) -> BookingFacts:
    """The facts of the booking after the move was written."""
    return replace(
        before,
        status=after.status,
        start_at=start_at,
        hold_expires_at=after.hold_expires_at,
        approval_deadline=after.approval_deadline,
        moves=after.terms.moves,
        kept_penalty=after.terms.kept_penalty,
    )


def customer_moves(before: BookingFacts, start_at: datetime, now: datetime) -> BookingFacts:
    return moved(before, reschedule(before, start_at, False, DAY, now), start_at)


def rule_of(refused: pytest.ExceptionInfo[RuleBroken]) -> str:
    return str(refused.value.details["rule"])


@pytest.mark.parametrize(("left", "percent"), [(72, 0), (30, 50), (1, 100)])
def test_reschedule_keeps_what_a_cancellation_would_have_cost(left: int, percent: int) -> None:
    now = START - hours(left)
    after = customer_moves(facts(), START + 40 * DAY, now)
    assert after.kept_penalty == KeptPenalty(percent)
    assert decisions.cancel(after, False, now).settlement.retained == 60 * percent
    assert decisions.cancel(after, False, now + 10 * DAY).settlement.retained == 60 * percent


def test_reschedule_keeps_the_highest_penalty_of_several() -> None:
    after = customer_moves(facts(), START + 40 * DAY, START - hours(30))
    again = customer_moves(after, START + 50 * DAY, START)
    assert again.kept_penalty.percent == 50
    last = customer_moves(again, START + 60 * DAY, again.start_at - hours(2))
    assert last.kept_penalty.percent == 100


def test_kept_penalty_ends_with_the_window_of_the_policy() -> None:
    now = START - hours(1)
    after = customer_moves(facts(rules=MoveRules(penalty_kept_days=7)), START + 40 * DAY, now)
    assert decisions.cancel(after, False, now + 7 * DAY - hours(1)).percent == 100
    assert decisions.cancel(after, False, now + 7 * DAY).percent == 0


def test_kept_penalty_holds_for_a_no_show_and_not_against_the_business() -> None:
    policy = Policy(TIERS, 30)
    after = customer_moves(facts(policy=policy), START + DAY, START - hours(1))
    assert decisions.no_show(after, False, START + DAY).settlement.retained == 6000
    assert decisions.cancel(after, True, START).settlement.retained == 0
    assert decisions.cancel(replace(after, is_stranded=True), False, START).settlement.retained == 0


def test_reschedule_in_a_paid_tier_is_refused_where_the_policy_says_so() -> None:
    strict = facts(rules=MoveRules(in_paid_tier=PaidTierMove.REFUSE))
    reschedule_terms(strict, False, START - hours(48))
    with pytest.raises(RuleBroken) as refused:
        reschedule_terms(strict, False, START - hours(48) + timedelta(microseconds=1))
    assert refused.value.details == {"rule": "paid_tier", "percent": 50}
    reschedule_terms(strict, True, START - hours(1))


def test_reschedule_is_refused_when_it_is_late() -> None:
    rules = facts(rules=MoveRules(hours_before=24))
    assert reschedule_terms(rules, False, START - hours(24)).latest_at == START - hours(24)
    with pytest.raises(RuleBroken) as refused:
        reschedule_terms(rules, False, START - hours(24) + timedelta(microseconds=1))
    assert rule_of(refused) == "too_late_to_move"
    with pytest.raises(RuleBroken) as refused:
        reschedule_terms(facts(), False, START)
    assert rule_of(refused) == "already_started"


def test_reschedule_is_refused_when_the_customer_has_moved_often_enough() -> None:
    now = START - hours(72)
    rules = MoveRules(max_moves=2)
    assert reschedule_terms(facts(rules=rules), False, now).moves_left == 1
    assert reschedule_terms(facts(rules=rules, moves=1), False, now).moves_left == 0
    with pytest.raises(RuleBroken) as refused:
        reschedule_terms(facts(rules=rules, moves=2), False, now)
    assert rule_of(refused) == "too_many_moves"
    assert reschedule_terms(facts(rules=MoveRules(max_moves=None), moves=99), False, now).moves_left is None


def test_reschedule_by_the_business_and_of_a_stranded_booking_counts_nowhere() -> None:
    late = facts(rules=MoveRules(0, 48, PaidTierMove.REFUSE), needs_approval=True, moves=4)
    for terms in (
        reschedule_terms(late, True, START + hours(1)),
        reschedule_terms(replace(late, is_stranded=True), False, START - hours(1)),
    ):
        assert (terms.moves, terms.asks_again, terms.kept_penalty) == (4, False, KeptPenalty())


def test_reschedule_of_an_approved_booking_asks_for_approval_again() -> None:
    approved = facts(needs_approval=True)
    now = START - hours(72)
    after = customer_moves(approved, START + 3 * DAY, now)
    assert (after.status, after.hold_expires_at, after.approval_deadline) == (S.PENDING, now + DAY, now + DAY)
    near = customer_moves(approved, now + hours(2), now)
    assert near.approval_deadline == now + hours(2)
    assert customer_moves(facts(needs_approval=False), START + 3 * DAY, now).status is S.CONFIRMED
    by_staff = reschedule(approved, START + 3 * DAY, True, DAY, now)
    assert by_staff.status is S.CONFIRMED


def test_reschedule_of_an_approved_booking_is_refused_where_a_decline_would_return_a_penalty() -> None:
    with pytest.raises(RuleBroken) as refused:
        reschedule_terms(facts(needs_approval=True), False, START - hours(30))
    assert rule_of(refused) == "paid_tier"


def test_reschedule_of_a_booking_that_waits_costs_nothing_and_shortens_its_deadlines() -> None:
    now = START - hours(10)
    waiting = facts(S.PENDING, needs_approval=True, hold_expires_at=now + hours(8), approval_deadline=now + hours(8))
    after = customer_moves(waiting, now + hours(3), now)
    assert (after.hold_expires_at, after.approval_deadline) == (now + hours(3), now + hours(3))
    assert (after.kept_penalty, after.moves, after.status) == (KeptPenalty(), 1, S.PENDING)
    with pytest.raises(Gone):
        reschedule_terms(waiting, False, now + hours(8))


@pytest.mark.parametrize("status", sorted(set(S) - {S.PENDING, S.CONFIRMED}))
def test_reschedule_of_a_booking_that_is_begun_or_over_is_refused(status: BookingStatus) -> None:
    for by_business in (True, False):
        with pytest.raises(WrongState):
            reschedule_terms(facts(status), by_business, START - DAY)


def test_reschedule_rules_are_read_as_they_are_stored_and_have_bounds() -> None:
    rules = MoveRules(None, 24, PaidTierMove.REFUSE, 30)
    assert MoveRules.from_json(rules.to_json()) == rules
    assert Policy.from_json({"tiers": [], "no_show_percent": 0}).moves == MoveRules()
    for bad in ({"max_moves": 101}, {"hours_before": -1}, {"penalty_kept_days": 0}):
        with pytest.raises(InvalidInput):
            MoveRules.from_json(bad)
    for unreadable in ({"max_moves": "3"}, {"in_paid_tier": "free"}, {"hours_before": True}):
        with pytest.raises(Malformed):
            MoveRules.from_json(unreadable)


@dataclass(frozen=True)
class Step:
    """After ``wait``: the customer moves to ``ahead`` from then, and the business answers ``yes`` where it is asked."""

    wait: timedelta
    ahead: timedelta
    yes: bool


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Tiers that cost more the nearer the start is, as a fair policy does."""
    size = draw(st.integers(0, 4))
    at = sorted(draw(st.sets(st.integers(0, 240), min_size=size, max_size=size)), reverse=True)
    percents = sorted(draw(st.lists(st.integers(0, 100), min_size=size, max_size=size)))
    tiers = tuple(Tier(*pair) for pair in zip(at, percents, strict=True))
    assert all(a.penalty_percent <= b.penalty_percent for a, b in pairwise(tiers))
    most = st.one_of(st.none(), st.integers(0, 5))
    rules = MoveRules(draw(most), draw(st.integers(0, 72)), draw(st.sampled_from(PaidTierMove)))
    return Policy(tiers, draw(st.integers(0, 100)), rules)


STEPS = st.lists(
    st.builds(
        Step,
        st.integers(0, 300).map(hours),
        st.integers(1, 2000).map(hours),
        st.booleans(),
    ),
    max_size=6,
)


def _cost_of(booking: BookingFacts, steps: list[Step], now: datetime, last_wait: timedelta) -> int | None:
    """What a customer pays who makes these moves, waits once more, and then cancels. None: it is too late to cancel.

    A move that is refused leaves everything as it is, and the business's no ends the booking."""
    for step in steps:
        now += step.wait
        try:
            booking = customer_moves(booking, now + step.ahead, now)
        except DomainError:
            continue
        if booking.status is S.PENDING and not step.yes:
            return decisions.decline(booking).settlement.retained
        booking = replace(booking, status=S.CONFIRMED, hold_expires_at=None)
    try:
        return decisions.cancel(booking, False, now + last_wait).settlement.retained
    except RuleBroken:
        return None


WAITS = st.integers(0, 2000).map(hours)


@given(policies(), st.integers(1, 300), STEPS, WAITS, st.booleans(), st.sampled_from([S.CONFIRMED, S.PENDING]))
def test_moves_are_never_cheaper_than_cancelling_at_once(
    policy: Policy, left: int, steps: list[Step], last_wait: timedelta, needs_approval: bool, status: BookingStatus
) -> None:
    now = START - hours(left)
    hold = None if status is S.CONFIRMED else START
    booking = facts(status, policy=policy, needs_approval=needs_approval, hold_expires_at=hold)
    at_once = decisions.cancel(booking, False, now).settlement.retained
    cost = _cost_of(booking, steps, now, last_wait)
    assert cost is None or cost >= at_once


@given(policies(), st.integers(1, 300), st.integers(1, 30), STEPS, WAITS, st.booleans())
def test_moves_inside_the_window_are_never_cheaper(
    policy: Policy, left: int, days: int, steps: list[Step], last_wait: timedelta, needs_approval: bool
) -> None:
    rules = replace(policy.moves, penalty_kept_days=days)
    now = START - hours(left)
    booking = facts(policy=replace(policy, moves=rules), needs_approval=needs_approval)
    at_once = decisions.cancel(booking, False, now).settlement.retained
    window = timedelta(days=days)
    short = [replace(step, wait=step.wait % window) for step in steps[:1]]
    short += [replace(step, wait=step.wait % (window / 8)) for step in steps[1:]]
    cost = _cost_of(booking, short, now, last_wait % (window / 8))
    assert cost is None or cost >= at_once


def test_sequences_find_a_move_that_forgets_its_penalty() -> None:
    """The control: without the kept penalty the same steps are cheaper."""
    now = START - hours(1)
    booking = customer_moves(facts(), START + 40 * DAY, now)
    assert decisions.cancel(replace(booking, kept_penalty=KeptPenalty()), False, now).settlement.retained == 0
    assert _cost_of(facts(), [Step(hours(0), 40 * DAY, True)], now, hours(0)) == 6000
