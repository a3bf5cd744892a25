"""What a booking of several services comes to."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.bookings.agreement import ServiceOffer, agree
from domain.catalogue.cancellation import MoveRules, PaidTierMove, Policy, Tier, penalty
from domain.catalogue.joint_policy import joint_policy
from domain.money import Money
from domain.payments.status import PaymentMode

M = PaymentMode
START = datetime(2026, 12, 1, 10, tzinfo=UTC)
FREE = Policy((), 0)
MILD = Policy((Tier(24, 0), Tier(0, 20)), 50)
STRICT = Policy((Tier(48, 50), Tier(0, 100)), 100)


def offer(price: int, mode: PaymentMode = M.AT_VENUE, policy: Policy = FREE, **more: object) -> ServiceOffer:
    return ServiceOffer(Money(price), mode, policy, **more)  # type: ignore[arg-type]


def test_prices_and_what_is_due_are_sums() -> None:
    agreed = agree(
        [offer(4000, M.DEPOSIT, deposit_percent=25), offer(8000, M.PREPAY), offer(3000)],
        party_size=1,
    )
    assert [price.amount for price in agreed.prices] == [4000, 8000, 3000]
    assert (agreed.dues.price, agreed.dues.online, agreed.dues.at_venue) == (Money(15000), Money(9000), Money(6000))
    assert agreed.dues.mode is M.DEPOSIT


def test_places_of_a_class_cost_for_each_person_and_a_visit_once() -> None:
    agreed = agree([offer(2000, capacity=10), offer(5000)], party_size=3)
    assert [price.amount for price in agreed.prices] == [6000, 5000]


@pytest.mark.parametrize(
    ("offers", "mode"),
    [
        ([offer(1000, M.PREPAY), offer(2000, M.PREPAY)], M.PREPAY),
        ([offer(1000, M.PREPAY), offer(0, M.NONE)], M.PREPAY),
        ([offer(1000, M.PREPAY), offer(2000)], M.DEPOSIT),
        ([offer(1000, M.CARD_HOLD), offer(2000, M.CARD_HOLD)], M.CARD_HOLD),
        ([offer(1000, M.CARD_HOLD), offer(2000)], M.CARD_HOLD),
        ([offer(1000, M.CARD_HOLD), offer(2000, M.PREPAY)], M.PREPAY),
        ([offer(1000, M.CARD_HOLD), offer(2000, M.DEPOSIT, deposit_amount=500)], M.DEPOSIT),
        ([offer(1000, M.NONE), offer(2000, M.NONE)], M.NONE),
        ([offer(1000, M.NONE), offer(2000)], M.AT_VENUE),
    ],
)
def test_agreement_has_one_way_of_payment(offers: list[ServiceOffer], mode: PaymentMode) -> None:
    agreed = agree(offers, 1)
    assert agreed.dues.mode is mode
    assert (agreed.dues.online.amount == 0) == (mode in {M.NONE, M.AT_VENUE})


def test_agreement_needs_approval_if_one_service_does() -> None:
    assert agree([offer(1000), offer(1000, is_approved_by_hand=True)], 1).needs_approval
    assert not agree([offer(1000), offer(1000)], 1).needs_approval


def test_services_weigh_as_much_as_their_price_in_the_policy() -> None:
    policy = joint_policy([(4000, STRICT), (8000, MILD)])
    assert policy.tiers == (Tier(48, 16), Tier(24, 33), Tier(0, 46))
    assert policy.no_show_percent == 66


def test_same_policy_stays_as_it_is() -> None:
    assert joint_policy([(4000, MILD), (8000, MILD)]) is MILD


def test_stricter_rule_for_moves_holds() -> None:
    mild = Policy((), 0, MoveRules(None, 0, PaidTierMove.KEEP_PENALTY, None))
    strict = Policy((), 0, MoveRules(2, 24, PaidTierMove.REFUSE, 30))
    stricter = MoveRules(2, 24, PaidTierMove.REFUSE, None)
    assert joint_policy([(1, mild), (1, strict)]).moves == stricter


policies = st.builds(
    Policy,
    st.lists(st.tuples(st.integers(0, 72), st.integers(0, 100)), max_size=4, unique_by=lambda pair: pair[0]).map(
        lambda pairs: tuple(Tier(*pair) for pair in sorted(pairs, reverse=True))
    ),
    st.integers(0, 100),
)


@given(st.lists(st.tuples(st.integers(1, 50_000), policies), min_size=1, max_size=5), st.integers(-600, 6000))
def test_joint_policy_costs_what_the_services_cost_alone_to_one_percent(
    parts: list[tuple[int, Policy]], minutes: int
) -> None:
    now = START - timedelta(minutes=minutes)
    total = sum(price for price, _ in parts)
    alone = sum(penalty(policy, Money(price), None, START, now).penalty.amount for price, policy in parts)
    together = penalty(joint_policy(parts), Money(total), None, START, now).penalty.amount
    assert together <= alone + len(parts)
    assert alone - together <= total / 100 + len(parts)
